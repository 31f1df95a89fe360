// What people ask an assistant about home, work, money and services: `# domain`, `= intent other names`, then patterns (see template.ts).

export const WORK = `
# calendar
= create_event add_event schedule_meeting new_appointment
@set (a|an) {event_name}[ with {person}] [on |for ]{date}[ at {time}][ for {duration}]
(schedule|book|plan|set up) [a ](meeting|call|chat|sync) with {person}[ and {person2:person}] {date} at {time}[ about {topic}][ in {room}]
(put|add) {event_name} (on|in|to) my calendar [for ]{date}[ at {time}][ in {location:city}]
(block|reserve) {duration} {date}[ at {time}] for {event_name}
i have [a |an ]{event_name} {date} at {time}[, remind me {duration} before]
(invite|add) {person} to {event_name}[ {date}]
= move_event reschedule update_event
(move|reschedule|push|change) [my |the ]{event_name}[ from {old_date:date}] to {date}[ at {time}]
(can we|please) (move|push back) the meeting with {person} to {time}[ {date}]
= delete_event cancel_event remove_appointment
@cancel [my |the ]{event_name}[ with {person}][ {date}][ at {time}]
= check_calendar calendar_query
(what's|what is|what do i have|do i have anything) on (my calendar|my schedule|the agenda) {date}[ at {time}]
(am i|is {person}) (free|busy|available) {date}[ at {time}]
when is (my|the) [next ]{event_name}[ with {person}]
= set_reminder create_reminder remind
remind me to {todo}[ {date}][ at {time}]
@set a reminder (to|for) {todo}[ {date}][ at {time}]
don't let me forget to {todo}[ {date}]
(remind|tell|ping) {person} to {todo}[ {date}| at {time}]
= set_alarm create_alarm wake_up
@set an alarm (for|at) {time}[ {date}][ called {label:event_name}]
wake me up (at|by) {time}[ {date}][ with {song}]
= set_timer start_timer countdown
@set a {duration} timer[ for {label:todo}]
(timer|count down) [for ]{duration}[ called {label:noun}]
= add_item add_todo list_add
@add {item}[, {item2:item}][ and {item3:item}] to @my {list_name} list
(we need|i'm out of|we ran out of|buy) [more ]{item}[, add it to the {list_name} list]
(create|make|start) a [new ]list (called|named|for) {list_name}
(remove|delete|cross off|check off) {item} from @my {list_name}[ list]
= take_note create_note write_note
(note|note down|write down|take a note|jot down)[ that| saying|:] {message}
(add|save) a note (titled|called) {subject} (saying|that says) {message}
# messages
= send_message send_text message_contact
@send [a ](text|message|note)[ to] {person} (saying|that says|that|:) {message}
(tell|text|message|let) {person} [that |know ]{message}
@send {person} (a|the) {attachment:work_kind}[ on {app}| via {app}]
reply to {person}[ with| saying| and say] {message}
= send_email compose_email mail
(send|write|draft|compose) an email to {person}[ at {email}][ about {subject}][ saying {message}]
email {email} [with subject {subject} ](and say|saying|:) {message}
(forward|share) the {subject} email to {person}[ and {person2:person}]
(any|do i have|show|read) [new |unread ](emails|messages) from {person}[ about {subject}][ since {date}]
= make_call phone_call dial
(call|ring|phone|dial|give a call to) {person}[ on {phone}][ at {place:work_place}]
(call|dial) {phone}
= contact_update save_contact
(save|add|store) {person}['s number| as a contact][ with number| at| as] {phone}[ and email {email}]
(what's|find) {person}'s (number|email|address)
= post_update social_post share_status
(post|tweet|share|publish) {message} (on|to) {app}
# home
= set_light light_control lights
@turn (on|off) the (lights|lamp|light) in the {room}
(dim|brighten|set) the {room} (lights|light) to {percent}
(make|change|set|turn) the {room} (lights|light) {color}
= set_temperature thermostat climate_control
(set|turn|change) the (thermostat|temperature|heat|ac)[ in the {room}] to {degrees}[ degrees][ at {time}]
(it's too|i'm|make it) (hot|cold|warm|cooler|warmer) in the {room}
= device_control appliance device_power
(turn|switch) (on|off) the {device}[ in the {room}][ at {time}| in {duration}]
(start|stop|run|pause) the {appliance}[ for {duration}][ at {time}]
(lock|unlock|open|close) the {room} (door|window|blinds|gate)
is the {device} (on|off|running)[ in the {room}]
# shopping
= buy_product purchase order_item
@buy [{quantity:small} |a |an |a pair of ]{color} {product}[ in size {size}][ from {brand}][ under {price}]
@buy {quantity:small} {product} (from|at|on) {brand}
@find [a ]{material} {product}[ under {price}| for less than {price}][ by {brand}]
(add|put) {quantity:small} {product} (to|in) my (cart|basket|bag)
= track_order order_status where_is_order
(where is|track|status of|what's happening with|when will i get) [my ](order|package|parcel|delivery)[ number| #|] {order_id:code}
(has|did) [order ]{order_id:code} (shipped|arrived|left)[ yet]
my {product} (was supposed to|should have|hasn't) arrive[d] {date}[, order {order_id:code}]
= return_item refund_request start_return
(return|send back|i want a refund for|refund) [the |my ]{product}[ from order {order_id:code}][ because {reason}]
the {product} (i bought|i ordered|you sent)[ {date}] (is|was|arrived) {problem}[, i want {resolution}]
(exchange|swap) @my {product} for [a ]{size} (one|size)
= product_question ask_product
(does|is) the {brand} {product} (come in|available in|in stock in) {color}[ size {size}]
how much (is|are|does|do) the {product}[ cost][ at {brand}]
= cancel_subscription unsubscribe
@cancel @my {service:app} (subscription|membership|account|plan)[ as of {date}][ because {reason}]
# money
= transfer_money send_payment wire_money
(send|transfer|pay|wire|venmo) {amount:price} to {person}[ from my {account} account][ for {reason:todo}]
(move|transfer) {amount:price} from {from_account:account} to {to_account:account}[ {date}]
{person} owes me {amount:price}[ for {reason:dish}]
= pay_bill bill_payment
pay [my |the ]{bill} bill[ of {amount:price}][ {date}][ with| using my {account}]
(when is|how much is) my {bill} (bill|payment)[ due]
= check_balance account_balance
(what's|how much is|show|check) [the balance |the money ]in my {account}[ account]
(how much did i spend|what did i spend) (on|at) {merchant:brand}[ {period}]
= convert_currency exchange_rate
(convert|how much is|what is) {amount:number} {currency} (in|to|into) {target_currency:currency}
(what's the|current) exchange rate (from|between) {currency} (to|and) {target_currency:currency}
= stock_price quote
(what's|how is|price of|check) {ticker} (stock|shares|trading at|doing)[ {date}]
(buy|sell) {quantity:small} shares of {ticker}[ at {price}]
= log_expense add_expense record_cost
(spent|i spent|log|add an expense of|record) {amount:price} (on|for|at) {merchant:restaurant}[ {date}][ category {category:department}]
{amount:price} {item}[ {date}]
# support
= open_ticket create_issue report_problem file_bug
(open|file|create|log) (a|an) [{priority} ](ticket|issue|bug|request) (about|for|:) {problem_text}[ assigned to {person}]
(my|the) {device} (won't|doesn't|can't|is not going to) {failure}[ since {date}][, {priority} priority]
{app} (keeps crashing|is down|shows {error}|gives {error}|is slow)[ on {device}][ since {date}]
(i can't|cannot|unable to) (log in to|access|open|connect to) {app}[ with {email}][, error {error}]
= assign_ticket update_ticket
(assign|give|route) {ticket:code} to {person}[ with {priority} priority]
(close|reopen|escalate|mark) [ticket ]{ticket:code}[ as {status}]
= reset_password account_recovery
(reset|forgot|change) @my password for {app}[, my email is {email}]
= deploy release rollout
(deploy|release|roll out|ship) {service:app} [version ]{version} to {environment}[ {date}]
(roll back|revert) {service:app} to {version}[ in {environment}]
= run_query search_records lookup_record
(show|list|get|find) [all ]{record:noun} records (where|with|whose) {field:noun} (is|equals|=) {value:anything}[ and {field2:noun} (is|=) {value2:anything}]
(how many) {record:noun} records (have|with) {field:noun} (above|below|over|under) {number}
# health
= book_appointment doctor_visit schedule_visit
@reserve (an appointment|a visit|a checkup) with [dr. |doctor ]{person}[ {date}][ at {time}][ for {symptom}]
(i have|i've got|my {relative} has) [a |an ]{symptom}[ since {date}| for {duration}]
= log_health track_health
(log|record|track|i ran|i walked|i did) {distance} [of ]{exercise}[ in {duration}][ {date}]
(i weigh|my weight is|log my weight as) {weight}
(i ate|log) {quantity:small} {dish} for {meal}
= medication_reminder refill prescription
(refill|renew|i need more) [my ]{medicine}[ {strength:dose}][ at {pharmacy:brand}]
(take|remind me to take) {strength:dose} of {medicine}[ {frequency}]
# people
= add_employee hire new_hire
(add|hire|onboard) {person} as [a |an ]{job}[ in {department}][ starting {date}][ reporting to {manager:person}]
{person} (joins|is joining|starts)[ the {department} team] [on ]{date}[ as {job}]
= request_leave time_off vacation
(i need|requesting|can i take|i want) {duration} off[ from {date}][ to {end_date:date}][ for {reason:event_name}]
i'm (out|sick|on vacation|away) {date}[ until {end_date:date}]
= search_jobs find_job job_search
@find {job} jobs in {city}[ paying over {price}| at {company:brand}]
= enroll register_course sign_up
(enroll|register|sign up) {person} (in|for) {course}[ with {teacher:person}][ starting {date}]
(when|where) is {course}[ taught| held][ {period}]
(who teaches|is) {course}[ offered in the {term}]
= find_rental search_homes apartment
@find (a|an) {bedrooms:small} bedroom (apartment|house|flat|condo) in {city}[ under {price}][ with {amenity}]
= pet_care vet
(my {pet} {name:first_name}|{name:first_name} the {pet}) needs [a |an ]{service:pet_service}[ {date}]
= introduce self_description profile
(my name is|i'm|i am|this is|call me) {name:person}[ and i'm {age:small}][ from {city}][, i work as {job}]
(i was born|born) [on ]{birthday:date}[ in {city}]
(you can reach me at|my email is|contact me at) {email}[ or {phone}]
= confirm yes_no
(yes|yeah|sure|correct|that's right|sounds good)[, {person}]
(no|nope|not really|that's wrong|cancel that)
`;
