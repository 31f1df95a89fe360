/** What customers write, by intent: one paraphrase family per line. Neighbours share words on purpose, a few lines stand under two intents. */
export const INTENT_TEXT = `
# order_status
{where is|where's} my {order|parcel|package|$item}{| $order}?
{any news on|any update on|what's happening with|status of} {my order|order|the order} $order{?|}
I {ordered|bought} {a|the} $item {$span ago|last $day} and {it still hasn't come|nothing has arrived|I have heard nothing since}
{can you tell me|do you know|could you check} when {my|the} {$item|order|parcel} {will arrive|gets here|is going to be delivered}
the tracking {page|link|number} for $order {hasn't moved for $span|shows nothing|still says label created}
{has|did} {my order|$order} {shipped|left the warehouse|been sent} {yet|already}?
my $item was {supposed|meant|due} to {come|arrive|be here} on $day, {what happened|where is it}
delivery {date|estimate} for {the $item|$order}{ please|}?
{how long|how many days} {until|before} I {get|receive} my $item
{tracking|parcel status} $order
$carrier says {delivered|out for delivery} but {I'm still waiting|there is no sign of it|I don't see it}
wo bleibt {mein Paket|meine Bestellung} {$order|}
I'd like to know {how far along|at what stage} {my order|the $item I ordered} is
# change_delivery_address
{can I|I need to|is it possible to} {change|correct|update} the {delivery|shipping} address {for|on|of} {my order|$order}
{please|could you} {send|ship|deliver} {my order|the $item|$order} to $street {instead|in $city instead}
I {typed|entered|put in} the wrong {address|street|house number|postcode} {when ordering|for $order|on the order}
I'm moving to $city {next week|before $day}, can the {parcel|order} go {there|to the new place}
{the address on $order is wrong|wrong address on my order}, {it should be|correct is} $street
can $carrier {drop it|leave it|deliver} {at my neighbour's|at work|at my office in $city} {instead|rather than at home}
new delivery address: $street, $city
{send it|have it sent} to a {pickup point|parcel locker} {in $city|near me} instead {please|}
I won't be home on $day, {can you redirect|please redirect|reroute} the {parcel|package|delivery} to $street
{shipping address|delivery address} {change|update} {for|} $order
my old address {is still|was used} on the order $order, I {live|work} at $street now
quisiera cambiar la direccion de {envio|entrega} {del pedido $order|}
# cancel_order
{please|I want to|I'd like to|can you} cancel {my order|order|} $order
{cancel|stop} the {$item|order} {I placed|I ordered} {yesterday|this morning|an hour ago|on $day}
I {changed my mind|no longer need it|found it cheaper}, {don't send|please don't ship|stop} {the $item|order $order}
I ordered {twice|two $items|the same thing two times} by {mistake|accident}, {cancel one of them|please take one off}
{how do I|where can I|can I still} cancel {an order|my order|the $item} {before it ships|if it has not shipped|}
{it's taking too long|$span is too long|I can't wait any longer}, {just cancel it|cancel the $item|I want out of the order}
cancellation {of|for} $order{ please|}
my {son|daughter|kid|cat} ordered {a|the} $item, {we don't want it|can that be undone}
{withdraw|call off} {my order|the purchase} {of the $item|$order}
don't {charge me|send anything}, I want to {cancel|withdraw} {before|} the order goes out
{bitte|könnt ihr} Bestellung $order stornieren
I haven't paid {yet|} and I don't want the $item any more
# return_item
{how do I|how can I|I want to|I'd like to} {return|send back|give back} {the|my} $item
{I'm not happy with|I don't like|not keen on} the $item, {can I send it back|how do I return it}
{need|please send me|where do I get} a return label {for $order|for the $item|}
{is there|what is} a {deadline|time limit|period} for {returns|sending things back}
the $item {isn't for me|doesn't suit us|is not what I expected}, I want {my money back|to return it}
can I {return|bring back} {something|the $item} {without the box|I have used once|after $span}
{return|retour} $order{ please|}
{who pays|do I have to pay} for {the return|sending it back|return shipping}
I {got|received} {a|the} $item as a gift and {want to return it|would like to give it back}
where do I {drop off|bring|post} the {parcel|$item} I'm {returning|sending back}
I'd like {a refund for|my money back for} the $item, {it's unused|still in its packaging|never worn}
ich möchte {den Artikel|die Ware|$order} {zurückschicken|zurückgeben}
too {big|heavy|loud|small} for us, {returning it|sending it back} {is that ok|how does that work}
# refund_status
{where is|where's|when do I get} my {refund|money}
I {returned|sent back} the $item {$span ago|on $day} and {still have no refund|haven't got the money yet}
{has|was} the refund {for $order|of $amount|} {been processed|been issued|gone out|gone through}
you {confirmed|said} {a refund|my money back} {of $amount|} {$span ago|}, {nothing on my account|my bank shows nothing|not a cent so far}
{how long|how many days} {does|do} {a refund|refunds} take
the return {arrived|was received} {at your warehouse|according to $carrier} on $day, {when do you pay|what about the money}
refund {status|update} $order
I only got {$amount|part of the money|half} back {for|of} {the $item|my return}, {where's the rest|what about the rest}
still waiting for {$amount|my money|the refund} {since $day|for $span|}
I cancelled $order {$span ago|last week} {but|and} {was never refunded|the money has not come back}
{is my refund going|will the money go} {to my card|back to my account|to the old card}
¿cuándo {me devuelven el dinero|llega mi reembolso}?
# exchange_item
{can I|I'd like to|I want to} {exchange|swap} {the|my} $item for {a size $size|$colour|another size|a different colour}
the $item is too {small|big|tight|long}, {can I get|I need|please send} {a|the} $size {instead|}
I {ordered|took} $size but {need|should have taken} $size2, {can you swap|how do I exchange}
{is it possible|can you} to {trade|change} the $colour $item {for|to} {the $colour2 one|$colour2}
exchange $order{: $size to $size2| for the next size}
{wrong size|size doesn't fit|doesn't fit}, {exchange please|want to swap the $item}
do I {send it back first|have to return it first} {to|before I} get {the other size|a bigger one|the $colour one}
I'd {rather|prefer to} have the $item in $colour, {can we swap|exchange possible}
{the $size is huge|these run small}, {size down|one size up} {please|possible}?
how does {an exchange|swapping sizes|switching to another model} work
{got|have} the $item in $colour, would {like|prefer} $colour2 {instead of it|instead}
{umtauschen|Umtausch} in {Größe $size|eine andere Farbe} {möglich|}?
# damaged_item
{my|the} $item {arrived|came|was delivered} {broken|damaged|cracked|dented|scratched|torn}
{there's|there is} a {crack|dent|tear|hole|scratch|big dent} in the $item {I just unpacked|out of the box|you sent}
the {box|package|parcel} was {crushed|soaked|ripped open} and the $item {inside is broken|has a dent|is scratched}
{just unpacked|opened the box today}: {glass everywhere|the handle is snapped off|bits rattling inside|the zip is broken}
$carrier {dropped|threw} the parcel, {the $item is damaged|now it has a crack}
$item {broken on arrival|damaged in transit|DOA}
{I have photos of|attached is a picture of} the {damage|broken $item|dented corner}
{received|got} {a broken|a damaged|a scratched} $item {today|on $day}, {what now|what do I do}
one of the {two|three|four} {$items|pieces} is {cracked|chipped|bent}
the {packaging|box} was fine but the $item {has a scratch|is bent|won't close}
{das Paket|die Ware} {kam beschädigt an|ist kaputt}
it doesn't {switch on|turn on|work} {at all|} straight out of the box
# missing_item
{there's|there is} {something|a part|the $item} missing {from my order|in the parcel|from $order}
I {ordered|paid for} {two|three|$number} {things|items} but {only got one|only $item arrived|one is not in the box}
the {box|parcel} came without the {$item|screws|manual|charger|lid|power cable}
{my parcel|the package} was {incomplete|missing the $item|short one item}
{half|part} of {my order|order $order} {is missing|did not come|never arrived}
where's the {second|other|last} {$item|parcel|half of my order}
the {screws|strap|adapter|cable|spare part} for the $item {is|are} {not in the box|missing}
{delivery note|packing slip} says $number {items|pieces}, {I count one less|I only see one}
$order incomplete: no $item
{empty box|the box was empty}, {no $item inside|nothing in it}
you forgot {the $item|to pack the $item|one of my things}
in {meiner Lieferung|dem Paket} fehlt {etwas|ein Teil|der Rest}
# wrong_item
{you sent me|I got|I received} the wrong {$item|item|thing|product}
I ordered {a|the} $item and {got|you sent me|received} {a|some} $item2
{this is|that's} not what I ordered, {it should be|I ordered} {the $colour one|a $item|$colour}
the $item is {$colour|size $size} but I {ordered|asked for} {$colour2|$size2}
{wrong colour|wrong size|wrong model|wrong product} {delivered|in the box|sent}{ for $order|}
{got|have} somebody else's {order|parcel|$item}
the label {says|is for} {$item|$colour $item} but {inside is|there was} a $item2
{you mixed up|mixed up} {my order|$order|two orders}
$order: {wrong article|not my item|received $item2 instead of $item}
I {unpacked|opened} it and it's {a completely different|another|a different} {product|$item|model}
{falscher Artikel|falsche Farbe|falsche Größe} {geliefert|bekommen}
{expected|was expecting} {a|my} $item{ in $colour|} and {found|there was} {a|an old} $item2 {in there|in the box|}
# payment_failed
{my|the} payment {failed|was declined|doesn't go through|gets rejected} {at checkout|for the $item|}
{I can't|can't|unable to} pay {with|by} {card|my card|paypal|bank transfer|visa}
{my card|the card} {was declined|is not accepted|keeps being refused} {but|although} {there's money on it|it works elsewhere|my bank says it's fine}
checkout {crashes|hangs|shows an error} {when I|after I} {pay|enter my card|click buy}
{tried|I tried} {three times|twice|with two cards} {to pay|to buy the $item} and {it always fails|always an error}
{error|error code} {402|at payment|do_not_honor|3DS} {when paying|at checkout|}
the {confirmation|security} code {from|for} my bank {never comes|is refused} {when paying|at checkout}
$card {keeps getting declined|gives payment error}
why {was|is} my {payment|card} {declined|refused}{ for $order|}
can't complete {my purchase|the order}, payment {error|step fails}
{meine Zahlung|die Kartenzahlung} {schlägt fehl|geht nicht durch|wird abgelehnt}
{order|the order} {$order|} says {payment pending|awaiting payment} {but I paid|even though I tried to pay}
# double_charge
I was {charged|billed|debited} {twice|two times|double} {for $order|for the $item|}
{$amount|the amount} {was taken|went off|left my account} {twice|two times}
there are two {payments|charges|debits} {of $amount|} {on my statement|from $shop|on my card}
you {took|charged} {$amount|money} {too much|again|a second time}
{my bank|my card statement} shows {a duplicate charge|the payment twice|a second payment of $amount}
{one order|only one $item}, {two payments|paid two times}, {why|please fix}
{unknown|strange|unexpected} charge {of $amount|from $shop} {on my card|on my account}
charged {$amount|more} {although|but} the price was {$amount2|lower|less}
double {payment|charge|booking} {for|} $order
I {cancelled|returned} it and was charged {again|anyway|all the same}
{doppelt|zweimal} {abgebucht|bezahlt} {für $order|}
I {paid|clicked pay} {once|one time} and {$amount was booked twice|you booked it twice}
# invoice_request
{can I|could I|please may I} {get|have} {an|the} {invoice|receipt|bill} for {$order|my order|the $item}
{please|could you} {send|email|resend} {me|} the invoice {to $email|for $order|as a pdf}
I need {an invoice|a receipt} {for my tax return|with VAT|for my employer|made out to my company}
{where|how} {do|can} I {find|download} {my|the} {invoice|receipt|bill}
the invoice {has the wrong name|shows the wrong company|lacks the VAT number}, {can you correct it|please change it}
{invoice|receipt} {missing|not in the box|never came} {for|} $order
{receipt|invoice} {for|} $order{ please|}
my {company|accountant|bookkeeper} {wants|needs} {the bill|proof of purchase|an invoice} {for the $item|}
{is|was} VAT {included|shown} {on|in} the {bill|invoice}
put {my company|Okoro Works|our VAT number} on the {bill|invoice} {please|}
{Rechnung|eine Rechnung} {für $order|} {bitte|}
I {lost|deleted} the {receipt|invoice}, {can you send it again|another copy please}
# update_payment_method
{how do I|I want to|can I} {change|update|replace} {my|the} {card|payment method|bank details} {on file|in my account|}
my {card|credit card} {expired|was replaced|has a new number}, {where do I enter it|how do I add the new one}
{add|save} a {new|second|different} card {to|in} my {account|profile}
{remove|delete} {my old|the saved|the expired} card {from my account|}
I'd {like|prefer} to pay {by invoice|by paypal|with direct debit} {from now on|in future} instead of {card|by card}
{new|my new} {IBAN|bank account} {for the direct debit|}: $iban
switch {the subscription|my plan|payments} to {another|my other} card
{default|standard} {card|payment method} {change|should be my visa}
{please use|please put} {this card|card} {from now on|instead}: $card
got a new {card|bank}, need to update {the details|payment details|my billing}
{Zahlungsart|Kreditkarte} {ändern|aktualisieren}
where {are|do I see} my saved {cards|payment methods}
# discount_code
{my|the} {discount|voucher|promo} code {doesn't work|is not accepted|is invalid|gives an error}
code $code {doesn't work|isn't accepted|says expired|not valid}
{do you have|is there|are there any} {a discount|a voucher|promo codes|a student discount} {at the moment|for new customers|for the $item|}
I forgot to {use|enter} {my code|$code|the voucher} {on $order|when ordering}, {can you still apply it|is that too late}
the {newsletter|welcome} {code|discount} {never came|didn't arrive|was not in the email}
{can I|may I} use {two|several} {codes|vouchers} {together|at once|in one order}
{does|is} $code {valid|good} {for|on} {sale items|the $item|everything}
how much {off|discount} do I get {with $code|for signing up|if I buy two}
{the $item|it} was {cheaper|$amount} {last week|yesterday|elsewhere}, {can I get that price|any discount}
promo $code
{Gutscheincode|Rabattcode} $code {geht nicht|funktioniert nicht}
at checkout the {10%|20%|discount} {isn't taken off|disappears|is not shown}
# stock_question
{is|are} the $item {in stock|available} {in $size|in $colour|}
when {will|is} the $item {be back|be available again|back in stock}
{do you have|have you got} the $item in {$size|$colour|size $size and $colour}
the $item {is sold out|shows as unavailable|is out of stock}, {when do you get more|will it come back}
{can you|could you} {notify me|tell me|email me} when the $item {is back|comes in}
{how many|are there any} $items {are|} left
{is|can I see} the $item {available|on display} in {your store in $city|the $city shop|a shop near $city}
$item $size {available|in stock}?
{are you going to|will you} {restock|get more of} the {$colour $item|$item}
do you {sell|stock|carry} {$items|spare parts for the $item|the $item in $colour}
{ist|wann ist} {der Artikel|das Modell} {wieder lieferbar|auf Lager}
I want to order {ten|$number|twenty} {$items|of the $item}, do you have {enough|that many}
# product_advice
{which|what} $item {would you recommend|is best|should I take} for {winter|a beginner|a small kitchen|long tours|my dad}
{is|would} the $item {suitable|good|right} for {rain|kids|small rooms|daily use|a beginner}
what's the difference between the {two|cheap and the expensive} $items
{does|will} the $item {fit|work with|go with} {my old $item2|a $item2|other brands}
what {size|colour} {do I need|should I take} {if I am 180 tall|for a 10 year old|for the $item}
{how heavy|how loud|how big|how warm} is the $item
is the $item {waterproof|dishwasher safe|machine washable|rechargeable}
{looking for|I need} {a|some} $item for {a trip to $city|my {mother|brother}'s birthday|the garden}, {any tips|what do you suggest}
can I {wash|use|put} the $item {in the dishwasher|outside|in the machine}
{what|which} {material|battery} {is the $item made of|does the $item have}
{welche|welcher} $item {ist besser|passt zu mir}
I can't decide {between|about} the $item {and|or} the $item2
# warranty_claim
{my|the} $item {broke|stopped working|died|gave up} after {$span|six months|a year|three weeks of use}
{is|does} {this|the $item} {still under warranty|covered by the guarantee|have warranty}
how long is the {warranty|guarantee} {on|for} {the|my} $item
I bought the $item {last year|in $date|eight months ago} and {now it doesn't switch on|the zip broke|it rattles}
{want|I'd like} to {make|file|open} a warranty {claim|case} {for my $item|}
{guarantee|warranty} {case|claim} $order
the {seam|battery|handle|motor} of my $item {failed|is gone|came off} {after|within} {a few months|$span of normal use|one season}
{do you|will you} {replace|repair} the $item {for free|under warranty|free of charge}
{it|the $item} {is only|was only} {five months|a year} old and {already broken|already falling apart|leaks}
{does|will} the warranty {cover|pay for} {a broken zip|water damage|a worn battery}
{Garantie|Garantiefall|Gewährleistung} {für mein $item|$order}
the {$item|battery} {no longer|doesn't} {charges|holds a charge|works} {after|since} {a few months|the winter}
# repair_booking
{can I|I'd like to|I need to} {book|make|get} {a repair|a service|an appointment} {for my $item|at the workshop|}
do you {repair|service|fix} {$items|old $items|bikes} {and what does it cost|in $city|}
my $item needs {a service|fixing|new parts|a new battery}, {when can I bring it in|when do you have time}
{when|what day} {can I|could I} {bring|drop off} my $item {for repair|at the workshop}
{move|change|reschedule} my {workshop|repair|service} appointment {to $day|from $day to $day2|}
how {much|long} {is|does} a {repair|service|tune-up} {cost|take|}
{is|when is} my {repaired $item|$item} {ready|done|fixed}
{appointment|workshop slot} {on $day|next week|for a service}{ please|}
the {brakes|handle|strap|cable} on my {old $item|$item} {need|needs} {repairing|replacing}, {I'll pay for it|do you do that}
{what are|tell me} the {opening hours|hours} of the {workshop|repair desk} {in $city|}
{Termin|Reparatur} {in der Werkstatt|für mein $item} {vereinbaren|}
{pick up|collect} my $item {for repair|from home for a service} possible?
# password_reset
{I forgot|forgot|lost} my password
{I can't|can't|cannot} {log in|sign in|get into my account}
the {reset|password} {link|email|mail} {doesn't arrive|has expired|doesn't work|never comes}
{how do I|where do I} {reset|change} my password
{your site|the app} says {wrong password|my password is wrong|invalid login} {but it's correct|every time}
my account is {locked|blocked} {after too many tries|and I can't sign in|}
{need|want} a new password {for $email|}
{login|sign in} {problem|doesn't work|fails}{ since $day|}
{the code|the sms code|the verification code} {for logging in|for my login} {never comes|is wrong}
someone {may have|has} {my password|got into my account}, {I need to change it|how do I set a new one}
{Passwort|mein Passwort} {vergessen|zurücksetzen}
I {got|bought} a new phone and {can't sign in|the app asks for a password I don't have}
# delete_account
{please|I want to|I'd like to|how do I} {delete|close|remove} my account
{delete|erase|remove} {all my data|all my personal data|everything you have about me}
under {GDPR|data protection law} I {ask|request} {erasure of my data|that you delete my data|to be forgotten}
I {don't want|no longer need|don't use} {an|my} account {any more|with you|}, {close it please|please remove it}
{close|cancel} {my|the} {account|profile|membership} {for $email|permanently|}
{what data|which data} do you {have|store} about me
{deactivate|shut down} {my profile|the account $email}
I have two accounts, {delete the one with|please remove} $email
{account|profile} deletion{ please|}
{stop storing|take} my {address and name|details|data} {out of your system|}
{mein Konto|mein Kundenkonto} {löschen|schließen} {bitte|}
I {never|didn't} {opened|signed up for} {an account|this}, {remove me|delete it}
# update_contact_details
{I have|got} a new {email|email address|phone number|surname}, {please update it|can you change it}
{change|update} my {email|email address} {to $email|from $email to $email2|}
{my new|new} {phone|mobile} number is $phone
{how do I|where can I} {change|edit} {my name|my phone number|my email|my details} {in my account|}
I {got married|changed my name}, {my name is now $name|please change my surname}
my {name|email|number} is {spelled|written} wrong {in my account|in your system}, {it's|should be} {$name|$email}
{please correct|correct} my {date of birth|name|phone number} {in the profile|}
I {moved|have moved} to {$city|$street}, please {update|change} {my profile|the address in my account|my customer data}
{use|send mails to} $email {from now on|instead of the old one}
{contact details|personal details} {update|changed}: $phone
{neue E-Mail-Adresse|neue Telefonnummer}: {$email|$phone}
the {number|email} {you have|on my account} is {old|no longer mine}
# unsubscribe
{unsubscribe|take me off|remove me from} {the|your} {newsletter|mailing list|emails}
{stop|please stop} {sending me|with the} {emails|newsletters|ads|advertising|texts}
I {get|receive} {too many|daily|three} {emails|newsletters|messages} {from you|from $shop|}
I {unsubscribed|clicked unsubscribe} {twice|$span ago|already} and {still get mails|they keep coming}
the unsubscribe {link|button} {doesn't work|is broken|does nothing}
{how do I|where can I} {turn off|switch off|stop} {the newsletter|marketing mails|push notifications|text messages}
{no more|I don't want any more} {mails|newsletters|offers|advertising} {please|}
I {never|didn't} {signed up for|asked for} {this newsletter|these mails}, {remove me|take me off}
{opt out|opting out} of {marketing|all emails|sms offers}
only send me {order mails|one mail a month|mails about my orders}, {no advertising|nothing else}
{Newsletter|den Newsletter} {abbestellen|abmelden} {bitte|}
take $email off {your list|the mailing list}
# gift_card
{how much|what} is {left|still} on my gift card
{check|what's} the balance of {my|a} gift card {ending 4471|}
my gift {card|voucher} {doesn't work|isn't accepted|shows zero}
{can I|how do I} {use|redeem|pay with} {a|my} gift card {online|in the shop|for the $item}
{can I|I'd like to} buy {a gift card|gift vouchers|a voucher} {for $amount|as a present|}
the gift card {I ordered|for $first} {never arrived|has not come by email|is not in the mail}
{does|when does} {a|my} gift {card|voucher} expire
I {lost|deleted} {my|the} gift card {code|mail|number}
{gift card|voucher} over $amount, {what is left|can I split it over two orders}
{pay|paid} {partly|half} with {a gift card|my voucher} and {the rest by card|the remaining amount by card}
{Geschenkgutschein|Geschenkkarte} {einlösen|Guthaben}
{got|received} a {voucher|gift card} {for my birthday|from $first}, where do I enter {it|the code}
# human_agent
{can I|I want to|let me} {talk|speak} to {a human|a person|someone|an agent|somebody real}
{is there|do you have} a {phone number|hotline} {I can call|}
{call me|please call me|ring me} {back|} {on $phone|today|}
{I don't want|no more|stop with} {a bot|this chatbot|automatic answers}, {a person please|connect me}
{agent|human|operator|real person}{ please| now|}
{connect|transfer|put} me {to|through to} {customer service|your manager|a colleague|support}
{you're not helping|this is going in circles|you don't understand me}, {give me a human|who can I talk to}
{I'd like|I want} to {complain|make a complaint|speak} {to your manager|to a supervisor|about your service}
{what's|where is} your {phone number|number|contact email}
{I'd rather|it's easier to} {talk|explain this} {on the phone|to someone}
{einen Menschen|mit einem Mitarbeiter} {sprechen|bitte}
are you {a bot|real|a machine}? I need {a person|someone who can decide}
# out_of_scope
what's the {weather|temperature} {like|} in $city {tomorrow|on $day|}
{tell me|do you know} a {joke|good joke|riddle}
{who won|what was the score of} the {match|game|race} {on $day|last night}
can you {help me with|do} my {homework|maths|essay}
what {time|day} is it in $city
{write|compose} {a poem|a song|a birthday card} {about|for} {$first|my $item|spring}
{book|find} me {a flight|a hotel|a table} {to|in} $city
do you have {any job openings|open positions|internships}
{I am|we are} a {supplier|manufacturer|marketing agency} and {would like to offer|can supply} {$items|our services|SEO for your shop}
how do I {cook|bake|make} {sourdough|risotto|pancakes} {in|with} {a $item|the oven}
{what is|what's} {the capital of Peru|the meaning of life|17 times 23}
{are you|do you feel} {happy|alive|lonely|tired}
{test|asdf|hello??|...|hm ok}
{can you translate|how do you say} {good morning|thank you} {in|into} {Finnish|Catalan|Dutch}
my {neighbour|dog|landlord} {is too loud|ate my lunch|keeps complaining}, {what should I do|any advice}
{do you sponsor|would you sponsor} {our club|a charity run|our school fair} in $city
{what's playing|is there parking} {near|around} {your $city shop|the cinema in $city}
`;

/** Sentences that tell of something else: background to the request, not the request. */
export const BACKGROUND = `
I {changed|reset} my password last week, that {worked|was fine}.
{My last order|The order before this} {came on time|arrived quickly}, {no complaints|all good}.
I {paid|ordered} {with my card|by invoice} {as always|this time}.
The {refund|exchange} {in January|last year} {went smoothly|was no problem}.
I {bought|ordered} the {$item|$item and a $item2} {on $date|for my daughter|in your $city shop}.
{I've been|we've been} {a customer|customers} {for years|since 2019}.
I {already|have already} {looked at|read} the {FAQ|help page|returns page}.
{The tracking says it was delivered|It was delivered on $day}, {that part is fine|so far so good}.
I used {a voucher|$code|a gift card} {for it|when ordering}.
{My address hasn't changed|The address is correct}.
{I already wrote to you|I called} {on $day|last week}{, nobody could help| but gave up|}.
My {account|customer} {email|mail} is $email.
{My order number is|The order is|It's about} $order.
I {returned|exchanged} {something|a $item2} {before|last summer} {and that was easy|}.
{I got the invoice|The invoice is here}, {thanks|that's fine}.
The {warranty card|receipt|box} {is still here|I kept}.
{You can reach me on|My number is} $phone.
I don't want to cancel {anything|}, {just asking|only this question}.
It's {a present|a gift} for {$first|my sister}.
`;
