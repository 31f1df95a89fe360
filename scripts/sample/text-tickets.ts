/** What shop staff report, by category: the core sentence of a ticket, one paraphrase family per line. */
export const TICKET_TEXT = `
# access_rights
{I|we|$first} need{|s} access to {the shared drive|the returns folder|the supplier portal|the pricing sheet|the stock tool}
{can you|please} {give|grant} $first {read|write|admin} {rights|permission|access} {for|on|to} {the order desk|the campaign folder|the refund screen}
{I get|it says} "permission denied" {when opening|on} {the stock tool|the rota|the shared mailbox|a report}
my {role|profile} {was changed|is wrong}, {I can't see|I no longer see} {the refund button|the orders of my store|the price screen}
$first {moved|changed} to {purchasing|the web team} and {should see|needs} {the supplier portal|the order desk}
{remove|take away} {the old|$first's} rights {on|to} {the finance folder|the shared mailbox}
shared mailbox {returns|service} at {our store|the $city store}: {please add|add} $first
{approval|sign-off} {from|by} {my manager|$first} is attached, {need the admin role|need to see margins}
{the folder|the dashboard} I {used yesterday|use every day} is {greyed out|not visible} for me {today|}
can only {view|read} the {price list|rota}, have to {edit|change} it
# account_lockout
{my|$first's} {account|login|user} is {locked|blocked} {after too many tries|since this morning|}
{I can't|cannot|unable to} {log in|sign in} {to the till system|to my mail|to the stock tool|this morning}
{password|my password} {expired|is not accepted} {over the weekend|and the change screen hangs|}
{the authenticator|two-factor|the code app} {is on my old phone|shows no code|was reset}
{reset|please reset} {the password of|login for} {$first|the $city counter}
after {my holiday|the update} {the password is wrong|it rejects my login|login loops}
{new phone|lost phone}, {no second factor|can't approve the sign-in}
{it asks for|login wants} a code {that never arrives|I don't get}
{nobody|no one} at {the counter|our store} can {sign in|log on} {to mail|with the shared user}
typed the {wrong password|pin} three times, {locked out|user is blocked} now
# vpn_network
{VPN|the VPN} {drops|disconnects|cuts out} every {few minutes|half hour|time I join a call}
{no internet|the internet is down|network is down} {in the $city store|at our store|in the warehouse} {since $time|}
wifi {in the stockroom|on the shop floor|in the $city store} is {very slow|unstable|gone}
{can't|cannot} {connect to|reach} {the VPN|the office network} {from home|from the hotel|since the update}
{pages|everything} {load|loads} {very slowly|only sometimes} {over the VPN|in the whole store}
the {router|switch|access point} {blinks red|is dead|restarts by itself}
{handhelds|scanners|tills} {lose|keep losing} the {wifi|connection} {in aisle $number|near the door}
{remote desktop|remote access} {times out|freezes} {from home|on hotel wifi}
{network cable|network socket} at {desk|counter} $number {is dead|does nothing}
{error|message} "gateway unreachable" {when I start the VPN|on every machine here}
# hardware_fault
{my|the} {laptop|screen|monitor|keyboard|docking station} {is broken|doesn't turn on|flickers|went black}
the {laptop|handheld|tablet} {battery|fan} {dies after an hour|is swollen|makes a grinding noise}
{coffee|water} {went over|in} {the keyboard|my laptop}, {keys stick|dead now}
{the headset|the webcam|the mouse} {stopped working|has no sound|isn't recognised}
screen {of the back office pc|at counter $number} {stays black|has stripes}
{the pc|the back office machine} {restarts|shuts down} {by itself|every hour}
{handheld scanner|scanner} $number {fell|was dropped} and {the trigger is stuck|the display is cracked}
{dock|docking station} {charges but no picture|not charging|makes a buzzing sound}
laptop {gets very hot|blue screen|beeps three times} {when I start it|}
the {till drawer|drawer} is {stuck|jammed mechanically} and {won't open|the key turns freely}
# hardware_request
{we need|please order|could we get} {a second monitor|two headsets|a new laptop|a tablet} {for $first|for the $city store|}
{request|requesting} {a|one} {docking station|handheld scanner|barcode scanner|label printer} for {the stockroom|the new counter}
{can I|may I} {get|have} a {bigger screen|better headset|standing desk|phone} {for home office|}
{how do I|where can I} order {a keyboard|a spare charger|toner|a mouse}
{my laptop is five years old|this machine is slow}, {is a replacement possible|when do I get a new one}
{$number|three} {more|extra} {tablets|handhelds} for the {spring sale|stocktake}
{loan|borrow} {a projector|a laptop|a tablet} {for $day|for the fair in $city}
{budget approved|approved by $first}: {new pc|laptop} for {the back office|our store}
spare {till scanner|mouse|chargers} {please|for the $city counter}
{quote|price} for {two monitors|five headsets} {needed|please}
# software_install
{please install|can you install|I need} {the photo editor|the spreadsheet add-in|the label software|a pdf editor} {on my laptop|for $first|}
{the update|the new version} of {the stock tool|the office suite|the rota app} {fails|stops at 40%|breaks printing}
{licence|the licence} for {the photo editor|the design tool} {has run out|expires on $day|is missing}
the {rota app|mail program|stock tool} {crashes|closes} {when I open it|at start|after the update}
{can't install|not allowed to install} {an app|the browser plugin|the scanner driver}, {admin password needed|asks for an administrator}
{upgrade|move} {us|our store} to the {new version|latest release} of {the rota app|the mail program}
{missing|lost} {the design tool|an add-in} after {the new laptop|reinstall}
{browser|the browser} {shows an old version|blocks the plugin|is out of date}
{set up|put} {the team chat|the video call program} on {the tablet|the counter pc}
spreadsheet macros {stopped working|are blocked} {since the update|}
# printing_labels
{label printer|the label printer} {prints blank|skips labels|jams|is offline} {in the packing room|at station $number|}
{shipping labels|return labels} {come out|print} {half cut off|too light|upside down|twice}
{the printer|our printer} {in the back office|on the first floor} {says paper jam|is offline|shows an error}
{can't print|cannot print} {price tags|shipping labels|the rota|delivery notes} {since the update|today|}
{toner|the toner|the ribbon} {is empty|is almost out} {at station $number|in the $city store}
print {queue|jobs} {stuck|piling up}, {$number jobs waiting|nothing comes out}
price {tags|labels} {show|have} the {old price|wrong barcode} {after printing|when printed}
barcode on {the label|our tags} {can't be scanned|is smudged}
{printer|label} driver {gone|missing} after {update|swap of the pc}
{a4|receipt} printer {prints strange characters|takes two sheets}
# pos_checkout
{till|the till|register} $number {freezes|hangs|restarts} {when scanning|during a sale|every morning}
{the till|till $number} {shows the wrong price|doesn't know the article|charges no VAT} {for the $item|}
{can't|cannot} {open|close} {the day|the till|the shift} {on register $number|in the $city store}
{discounts|the discount|gift cards|vouchers} {can't be redeemed|are not applied} {at the till|at the register}
{receipt|the receipt} {is not printed|shows the old address} {after a sale|at till $number}
{refund|return} at the till {ends with an error|can't be booked|asks for a manager pin}
{cash count|till balance} is {off by $amount|wrong since yesterday}
{barcode|scanning a barcode} {of the $item|} {gives unknown article|brings up another item} at the {till|checkout}
register {offline mode|in training mode}, {can't get out|queue of customers}
{the sale|a sale} of $amount was {booked twice|lost} {at till $number|when it froze}
# stock_sync
{stock|the stock level} of {the $item|$number articles} is wrong {in the web shop|online|since the import}
{web shop|the shop} sells {$items|articles} {we don't have|that are out of stock here}
{nightly|the nightly} {stock import|sync|stock file} {failed|didn't run|stopped halfway}
{delivery|the delivery} of {$number|forty} $items {isn't booked|is not showing} in the {stock tool|system}
{transfer|stock transfer} from $city {hangs|is still in transit} {since $day|in the system}
{counted|stocktake says} $number $items, {the system shows more|system says zero}
{prices|articles} from {the supplier file|purchasing} {are missing|were not imported}
{negative stock|minus two} {for the $item|in the stock tool}
reserved {orders|click and collect orders} {aren't deducted|block the stock} {online|}
article {the $colour $item|$item} {appears twice|is missing} in the {stock list|web shop}
# payment_terminal
{card terminal|the terminal|card reader} {at till $number|} {is offline|shows no connection|doesn't react}
{contactless|chip cards|card payments} {don't work|are declined|time out} {on the terminal|at till $number|since noon}
terminal {asks for|wants} {an update|a merchant pin|activation} {and stops|}
{customers|a customer} {paid twice|charged twice} {on the card reader|because the terminal froze}
{the daily|end of day} {settlement|closing} of the terminal {fails|is missing $amount}
{card slip|terminal slip} {is not printed|blank}, {paper is in|roll is new}
{new|replacement} card reader {won't pair|can't be paired} with {the till|register $number}
terminal says "host not reachable"{ again|}
{only cash possible|we can only take cash}, {card reader down|terminal dead}
{foreign|some} cards {get refused|are rejected} at the {terminal|reader}
# security_report
{I got|we received|$first got} a {suspicious|strange|phishing} {mail|message} {asking for my password|with an invoice attached|from "the boss"}
I {clicked|opened} {a link|an attachment} {in a strange mail|that looked like the parcel service}, {what now|sorry}
{someone|a man} {called|phoned} and {asked for|wanted} {our login|remote access|gift card numbers}
{lost|left} {my laptop|a company phone|my badge|a usb stick} {on the train|in $city|}
{found|there is} a {usb stick|strange device} {in the car park|on the till}
{login|sign-in} alert from {a country|a place} {I was never in|unknown}
{my mail|the shared mailbox} {sent|is sending} {spam|mails I didn't write}
{a customer|someone} {could see|got} {another customer's|somebody else's} {address|order} {in the web shop|by mail}
{virus|the virus scanner} {warning|alarm} on {the back office pc|my laptop}
api key $key {was pasted|ended up} in {a ticket|the team chat}, {please revoke|revoke it}
# payroll_hours
{my|the} {payslip|salary|wages} {for February|this month} {is wrong|is missing|has not come}
{overtime|my overtime|Sunday hours} {of $day|last month} {isn't paid|is missing|was not counted}
{clocked|I clocked} {in|out} {but|and} {the system shows nothing|hours are missing}
{how many|where do I see} {holiday days|vacation days} {I have left|left}
{sick note|I was sick} {on $day|from $day to $day2} {but it's booked as holiday|not entered}
{bank details|my IBAN} {changed|for my salary} {to $iban|}
{shift|rota} {swap with $first|on $day} {is not in the rota|needs approval}
{time clock|the time clock} {doesn't take my badge|is an hour off}
{travel|train} {expenses|ticket} to $city {not refunded|still open}
{tax class|my tax code} {changed|is wrong on the payslip}
# building_facilities
{heating|the heating|air conditioning} {in the $city store|in the stockroom|} {is off|doesn't work|is far too warm}
{the lift|the front door|the shutter|the alarm} {is stuck|won't close|beeps all the time}
{water|a pipe} {is dripping|leaks} {from the ceiling|in the staff room|behind the counter}
{light|the lights} {in aisle $number|in the fitting room|outside} {flicker|are out}
{toilet|the sink} {is blocked|is broken} {on the first floor|}
{cleaning|the cleaners} {didn't come|forgot the stockroom} {on $day|}
{key|keys} {for the back door|to the store room} {lost|needed for $first}
{meeting room|parking space} {double booked|needed on $day}
{broken glass|a shelf} {in the window|came off the wall}, {someone please fix|danger}
{rubbish|cardboard} {wasn't collected|is piling up} {behind the store|}
# onboarding_offboarding
{new colleague|a new starter|$first} {starts|begins} on $day, {please prepare everything|needs all accounts}
$name {leaves|is leaving} {us|the company} on {$later|$day}, {close the accounts|please collect the laptop}
{first day|onboarding} of {$first|two trainees} {in the $city store|on $later}: {laptop, mail, till user|what do you need from me}
{intern|trainee|temp} for {the spring sale|three weeks} needs {a login and a badge|a till user}
{last day of|exit of} $first is $later, {forward the mail to me|who gets the phone}
{welcome pack|badge and key} for {$name|our new manager} {please|}
{contract|probation} of $first {ends|is over}, {remove from all systems|deactivate on $later}
{returning|back} from parental leave: $first, {reactivate|please reopen} the {account|user}
{list|checklist} for {a new|our new} {store manager|starter} {please|}
{rehire|we rehired} $first, {old user|same user} {again|as before}
# data_report
{I need|can I get|please send} {a report|an export|a list} of {all returns|sales by store|open orders} {for February|per week|}
{the sales|the weekly|the returns} {report|dashboard} {is empty|shows old numbers|doesn't load}
{numbers|figures} in the {dashboard|report} {don't match|differ from} {the till|finance|the stock tool}
{export|the export} of {customer orders|the article list} {to a spreadsheet|} {stops at 10,000 rows|fails}
{add|could you add} a column {for margin|with the $city store} to the {weekly report|sales list}
how many {$items|orders} did {we|the $city store} sell {in February|last week|since $date}
{schedule|send} the {returns report|sales mail} {every $day|to $first too}
{filter|the filter} by {store|category} {is missing|doesn't work} in the {report|dashboard}
{query|number} for {the board|the manager meeting on $day}: {average basket|return rate}
report {mail|email} {didn't come|stopped} {since $day|this week}
`;

/** Around the core: what was tried, who is affected, how it should go on. None of it decides the category. */
export const TICKET_AROUND = `
{Restarted|Tried turning it off and on} {twice|already}, {no change|same thing}.
{It worked|Everything worked} {fine |}{yesterday|last week|until $time}.
{$number|Two} colleagues {have the same|are affected}{ too|}.
{Customers are waiting|We have a queue|The shop opens in an hour}.
{Please call me|Best reached} on $phone.
{My manager|$first} {knows|has approved|is asking}.
{See screenshot|Photo attached|Screenshot follows}.
{Store|Location}: $city.
{No rush|Not urgent|Whenever you have time}.
{Needed|It's needed} by $day.
{I already opened a ticket|There was a ticket} about {the printer|my password|the stock list|the till} {last month|in January}, {that one is solved|different thing}.
{Could be|Maybe} {the network|the update|the new laptop}{?|, I don't know}.
{I can log in|Mail works|Printing works} {otherwise|}, {just not this|only this is the problem}.
{The till|The stock tool|The wifi} itself {is fine|works}.
{We have the stocktake|Inventory is} on $day.
Device {LT|PC|HH}-$tag.
{Thanks for looking into it|Happy to test again}.
`;
