/** The tools the operations assistant chooses from: name, description, and what people ask when they need it. */
export const TOOL_TEXT = `
# stock_lookup: Current stock of an article per store and warehouse
{how many|how much stock of} {$items|the $item} {do we have|are left} {in $city|in the warehouse|}
{is|check if} the $item {in stock|available} in {$city|any store}
stock {level|count} {for|of} the $item {please|now|}
# price_check: Present, past and planned prices of an article
what {does|did} the $item {cost|sell for} {last month|now|in February|}
{is|when is} a price change {planned|coming} for the $item
{compare|give me} {today's and last year's price|the current price} of the $item
# reorder: Create a purchase order with a supplier
{order|reorder} $number {more |}{$items|boxes of $items} {from the supplier|}
we {run out|are running out} of {$items|the $item}, {buy|get} $number {more|from the supplier}
{place|prepare} a purchase order for $number $items
# transfer_stock: Move articles from one store to another
{move|send|shift} $number $items from $city to $city2
$city {needs|is asking for} {some of |}our $items, {send them over|arrange the move}
{stock|articles} {too many|left over} in $city: {bring|move} the $items to $city2
# shipment_tracking: Where a parcel is, by order or tracking number
where is {parcel|shipment|the parcel of} $order {now|}
has $carrier {delivered|picked up} $order {yet|}
{customer|$first} {asks|wants to know} when {the parcel|$order} {arrives|will be there}
# carrier_pickup: Book or move a collection by the carrier
{book|order} a {pickup|collection} for {$number pallets|the parcels} {on $day|tomorrow}
{move|change} the {collection|carrier pickup} {in $city|} {to $day|to the afternoon}
$carrier {should come|must collect} at $time {on $day|}
# return_label: Create a return label for an order
{make|create|print} a return label for $order
{customer|$first} wants to send {the $item|$order} back, {label please|needs a label}
{second|new} label for the return of $order
# refund_payment: Pay money back for an order
{refund|pay back} $amount {for|on} $order
{give|return} {the customer|$first} {the money|$amount} {back|} {for the $item|for $order}
{partial|full} refund {of $amount|} {for|on} $order
# invoice_search: Find invoices by customer, number or amount
{find|pull up|get} {the|all} {invoice|invoices} {of|for} {$name|$order|February}
which invoice was over $amount {in $date|}
{copy|pdf} of {the invoice|invoice} {for|to} {$order|$name}
# vat_report: VAT by country and month for the tax office
{VAT|vat figures} for {February|the quarter|Ireland} {please|}
how much {VAT|tax} {did we collect|do we owe} {in|for} {February|January|Q1}
{prepare|export} the {tax|VAT} {report|numbers} {for the accountant|}
# customer_lookup: Customer record by name, mail or phone
{who is|find} {the customer|} {$email|$phone|$name}
{look up|open} {the record of|customer} $name
{do we|don't we} have {a customer|someone} {called|under} {$name|$email}
# customer_merge: Join two customer records into one
{merge|join} {the records|the accounts} {$email and $email2|of $name}
$name {is in the system twice|has two accounts}, {put them together|make it one}
{duplicate|double} customer {$name|$email}, {clean up|combine}
# mail_customer: Send an e-mail to a customer
{write|mail|send a mail} to {$name|$email} that {the $item is here|it takes longer}
{let|tell} {$first|the customer} {know by mail|by mail} {about the delay|that $order is ready}
{send|mail} $name {the manual|an apology|the pick-up time}
# sms_notice: Send a short text message to a phone
{text|send a text to} $phone {that it's ready|about the delay|}
{sms|short message} to {$first|$phone}: {ready for pick-up|we close at $time}
{let|tell} $first by {sms|text} {that the $item arrived|}
# call_back: Put a call on the call-back list
{call|ring} {$first|$phone} {back|} {on $day|at $time|tomorrow}
{put|add} $name on the call list {for $day|}
$first {wants|asked for} a {phone call|call back} {at $time|on $day|}
# rota_view: Who works when and where
who {works|is on} {in $city|at the counter} {on $day|tomorrow}
{show|what is} the rota {for|of} {$city|next week|$day}
is $first {working|in} {on $day|tomorrow}
# rota_change: Swap or assign shifts
{swap|change} {$first's shift|the shift of $first} {with|and} $first2 {on $day|}
{put|assign} $first on {the late shift|$day} {in $city|}
$first is {ill|sick} {on $day|}, {find|we need} {a replacement|someone else}
# leave_request: Enter holidays or sick leave
{enter|book|request} {holiday|two days off|leave} for $first {from $day|on $date|}
$first {takes|wants} {$day off|holiday from $later}
{sick note|sick leave} for $first {until $day|since $day}
# meeting_room: Book a room or see which are free
{book|get} {a room|the small room} {for $number people|} on $day {at $time|}
which {meeting room|room} is free {on $day|at $time|now}
{need|we need} somewhere to {meet|sit} with {$number suppliers|the team} {at $time|on $day}
# calendar_event: Put an appointment in a calendar
{put|add} {the supplier visit|the stocktake} {in|to} {my|the team} calendar {on $day|for $later}
{remind|schedule} {me|us}: {call with $first|inventory} {on $later|at $time}
{move|shift} my {meeting|appointment} with $first to {$day|$time}
# translate_text: Translate a text into another language
{translate|put} {this|the notice|the product text} {into|to} {Dutch|German|French}
{what does|how do you say} {"pick-up only"|the text on the box|the mail of $first} {mean in English|in Dutch}
{German|French|Polish} version of {the newsletter|the sign|this reply} {please|}
# product_text: Write or improve an article description
{write|draft} {a description|a product text} for the {new |}$item
{shorten|improve|freshen up} the text {of|for} the $item {in the shop|}
{need|we need} {copy|three lines} about the $item for {the web shop|the catalogue}
# review_summary: What customers say about an article
what do {customers|people} {say|think} about the $item
{summarise|sum up} the {reviews|feedback|ratings} {of|for} the $item
{complaints|bad reviews} about the $item {lately|since $date}
# sales_chart: Draw sales figures
{chart|draw|plot} {the sales|turnover} {of $city|of the $item|per week}
{graph|curve} of {revenue|orders} {since January|for $shop}
{show|visualise} how the $item {sold|is selling} {this year|by store}
# discount_create: Make a discount code or campaign
{create|make} a {code|discount} of {10|15|20} per cent {on $items|for $shop|}
{set up|start} the campaign $code {from $day|until $later}
{voucher|promo code} for $name {over $amount|as an apology}
# gift_card_issue: Issue or top up a gift card
{issue|make} a gift card {over|of} $amount {for $name|}
{top up|reload} the gift card of $first {with|by} $amount
{new|replacement} gift card {for $name|because the old one is lost}
# complaint_log: Record a complaint in the register
{log|record|note} a complaint {of|from} $name {about the $item|about delivery}
{customer|$first} {complained|is angry} about {the $item|the service in $city}, {put it on file|write it down}
{register|file} {this|the} complaint {for $order|}
# safety_recall: Check or start the recall of an article
{is there|do we have} a recall {on|for} the $item
{start|open} a recall of {the|all} $items {from batch $tag|}
the $item {batch $tag|} {overheats|breaks}, {must we call it back|stop and recall}
# door_code: Read or change access codes of stores
{what's|tell me} the {door code|alarm code} {in|of} $city
{change|reset} the {code|door code} {for|of} {the back door|the $city store}
$first {can't get in|stands outside} {in $city|at the store}, {which code|code please}
# weather_view: Weather at a store's place
{will it|does it} {rain|snow} in $city {on $day|tomorrow}
{weather|forecast} for {$city|the open day in $city}
how {warm|cold|windy} {will it be|is it} in $city {on $day|}
`;
