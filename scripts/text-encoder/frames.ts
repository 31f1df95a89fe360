// Ways of asking, with places for words: {n} a noun, {v} a verb, {a} an adjective, {r} a rare noun, {p} a first name, {k} a number.

export const FRAMES: readonly string[] = `
how do i {v} my {n}|how can i {v} the {n}|can you {v} the {n} for me|please {v} my {n}|could you {v} a {n}|i want to {v} a {n}
i need to {v} my {n} and the {n}|i would like to {v} some {n}|i'd like a {a} {n}|what is a {n}|what's the {n} of my {n}|what does {r} mean
what is the {n} for the {a} {n}|where is my {n}|where can i find a {n}|where do i {v} {n}|when is the {n}|when will my {n} {v}
why is my {n} {a}|why was the {n} {v}ed|why can't i {v} my {n}|who is the {n} of {n}|which {n} is {a}|how many {n} are in a {n}
how much {n} do i have|how much is the {n}|how long does it take to {v} a {n}|how often should i {v} the {n}|how far is the {n}
is there a {n} near me|is my {n} {a}|is it {a} to {v} a {n}|are there {n} in {n}|do you have {n}|do i need a {n} to {v}
does the {n} {v}|did my {n} {v}|has the {n} been {v}ed yet|will it {v} tomorrow|should i {v} the {n}|am i able to {v} with {n}
tell me about {n}|tell me the {n}|show me my {n}|give me a {n}|find me a {a} {n}|find {n} with {n}|look up {r}|search for {a} {n}
remind me to {v} the {n}|add {n} to my {n}|remove {n} from the list|put {n} on my {n}|set the {n} to {k}|set my {n}|change my {n}|change the {n} to {n}
update my {n}|cancel my {n}|cancel the {n} for {n}|stop the {n}|start the {n}|turn on the {n}|turn off the {a} {n}|open {n}|close the {n}
book a {n} for {k}|order {k} {n}|order a new {n}|buy {n}|sell my {n}|send {n} to {p}|send {p} a {n}|call {p}|text {p} that i will {v}
transfer {k} from {n} to {n}|pay my {n}|pay {p} {k} dollars|move {k} dollars to my {n}|withdraw {n}|deposit my {n}|i lost my {n}|someone stole my {n}
my {n} is broken|my {n} is not working|my {n} was declined|my {n} has not arrived|there is a problem with my {n}|i have a question about {n}
i am {a}|i feel {a} about my {n}|i think my {n} is {a}|i forgot my {n}|i can't {v}|i don't know how to {v}|i don't understand the {n}
i just {v}ed my {n} and it is still {a}|my {n} is {a} but my {n} is not|what happens if i {v} my {n}|what should i do about {n}
what are the {n} for {n}|what kind of {n} is {r}|what {n} do you {v}|what time is the {n}|what day is my {n}|what's up with {n}
what is {k} plus {k}|what is {k} percent of {k}|convert {k} {n} to {n}|how do you say {n} in {n}|how do you spell {r}|translate {n}
play {n}|play some {a} music|play {r} by {p}|next|skip this {n}|repeat that|say that again|never mind|yes {v} it|no {n}|okay {a}|maybe
hello|good morning|thanks for the {n}|thank you {p}|goodbye|see you later {p}|sorry|help me {v}|help with my {n}|are you {a}|who are you
you are {a}|do you like {n}|what do you think of {n}|can you {v}|what can you {v}|tell me something {a}|tell me a {a} {n}|surprise me
schedule a {n} with {p}|schedule {n} for {k} pm|when is my next {n}|what's on my {n}|do i have any {n} today|is {p} {a} today|meet {p} at the {n}
directions to the {n}|how do i get to {n}|traffic to {n}|the fastest way to {v}|a {n} that is {a}|best {n} in {n}|good {n} to {v}|reviews of {n}
the {n} of the {n} was {a}|the {a} {n} {v}s the {n}|a {n} for {v}ing {n}|{n} and {n}|{a} {n}|{n}|{v}|{v} {n}|{r}|{a}
how do i {v}|why would i {v} {n}|can i {v} {n} without {n}|can i {v} my {n} {a}|can i get a {n} for my {n}|could i have {n} instead of {n}
was i charged a {n}|the charge for {n} is {a}|i was {v}ed twice for {n}|i see a {n} i don't recognize|why is there a {n} on my {n}|the {n} is wrong
explain {r}|describe the {n} of {n}|define {r}|compare {n} and {n}|list {n}|write a {n} about {n}|summarize the {n}|make a {n} for {p}|calculate the {n}
doctor: how is your {n}? patient: it is {a}|patient: my {n} hurts|do you have any {n}?|i take {n} for my {n}|no {n}, no {n}|any history of {n}
which tool can {v} {n}|i want a tool to {v} {n}|generate {n} from {n}|analyze my {n}|recommend a {n} for {n}|i'm looking for {n} to {v} my {n}
`
  .trim()
  .split(/[|\n]/);
