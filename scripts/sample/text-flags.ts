/** Sentences that carry urgency, feeling or the wish for a person; the request itself comes from the intents. */
export const URGENCY_TEXT = `
# high
I {need|have to have} {it|this|an answer} {by tomorrow|today|before $day|within the hour}
{this is|it's} {urgent|very urgent|really urgent|time critical}
{asap|ASAP please|as soon as possible please|right now please}
we {leave|fly|set off} {tomorrow|on $day|in two days} and {can't go without it|need it then}
{the wedding|the party|the birthday|my exam} is {tomorrow|on $day|this weekend}
{please hurry|hurry please|there's no time left}
{deadline|the deadline} is {$day|tonight|tomorrow noon}
# low
{no rush|no hurry|not urgent|not urgent at all}
{whenever you have|when you find} {a minute|time}
{take your time|it can wait}, {really|it's fine}
just {curious|wondering|asking}
{some time|any time} {this month|in the next weeks} is {fine|ok}
{it's for|I only need it} {next winter|summer|the end of the year}
`;

export const SENTIMENT_TEXT = `
# negative
{this is|it's} {really|so|extremely} {frustrating|annoying|disappointing}
I am {very disappointed|fed up|angry|really upset|losing patience}
{the third|the second|the fifth} time I'm writing {about this|to you}
{what a joke|what a mess|ridiculous|unbelievable|shameful}
{great, just great|well done, really}, {another week of waiting|and again nothing works}
I {expected|expect} {better|more} {from you|for that price}
{never again|last time I buy here|I'll go elsewhere}
{your service|the service} is {terrible|a disaster|awful|getting worse}
{nobody|no one} {answers|cares|reads my mails}
{I feel|feels} {ignored|cheated|ripped off}
not {good enough|acceptable|funny any more}
{so much for|thanks for nothing, so much for} {fast delivery|quality|customer care}
# positive
{love|I love} {the $item2|your shop|what you do} by the way
{thank you so much|many thanks|a thousand thanks} {for your help last time|for the quick answer on $day|in advance, you're great}
{your team|$first from your team|the lady on the phone} was {lovely|wonderful|so helpful}
{great|brilliant|wonderful} {shop|service|products}, {keep it up|always happy here}
{best|nicest} {$item2|shop} I {ever had|know}
{otherwise|so far} I'm {very happy|delighted|more than satisfied}
{really pleased|super happy} with {the $item2|everything else}
you {made my day|saved our trip|are fantastic} {last time|}
{happy|long-time happy} customer here
{not bad at all|couldn't be better}, {the $item2 is perfect|the last parcel came so fast}
{cool|lovely} {little |}shop, {told all my friends|five stars}
`;

export const NEUTRAL_TEXT = `
{The order is from|Ordered on} $date.
{I use|It's about} the {app|web shop}.
It concerns {one|a single} $item2.
{Paid by card|Paid by invoice}.
{I live in|Delivery to} $city.
{Customer since|Account since} 2021.
{Reference|Ref} $order.
{I'm writing for|This is for} {my mother|my office|my club}.
{I read|I saw} the {help page|FAQ}.
{Is there a form for this|Which details do you need}?
`;

export const HUMAN_TEXT = `
{please have|let} {a person|a human|someone from the team} {look at this|answer me}
{no bots|no automatic reply} please
{call me|ring me|phone me} {on $phone|back}{ please|}
I {will|am going to} {talk to my lawyer|contact the ombudsman|involve my solicitor}
{I want|let me have} {your manager|a supervisor|the head of support}
{can I|may I} {speak|talk} to {someone|a person|an employee}
{a chatbot|a standard answer} {won't do|is no use} {here|for this}
I {got hurt|cut my hand|burnt myself} {on it|using it|because of this}
{I'd like to|I want to} {file|make} {a formal complaint|a complaint}
I'm going to {the press|the consumer office} with this
`;
