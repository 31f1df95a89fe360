// Parts of requests that come once: who, what, where and how are drawn apart, so that no two are alike.

export const PERSONAS = `
a retired lighthouse keeper
a nervous space tourist
the last librarian of a sunken city
a medieval tax collector
a chess-playing baker
a robot gardener who fears rain
an old sea captain afraid of water
a detective who only works at night
a teenage volcano researcher
a polite dragon
a museum guard in love with a painting
the mayor of a village on stilts
an opera singer who lost her voice
a train conductor in the Alps
a ghost who dislikes haunting
a stand-up comedian from the year 2140
a beekeeper with a secret
a bored oracle
a football coach of a losing team
a weather presenter who is always wrong
a spy who has become a florist
a mathematician at a wedding
an ant with great plans
a clockmaker during a power cut
a tired tour guide in Atlantis
`;

export const SCENES = `
explaining to a child why {the sea is salty|clouds float|people yawn|shadows grow}
{writing a letter home|leaving a voicemail|keeping a diary} on {the longest day of the year|the first day of a new job|a stormy night}
{arguing with|teaching chess to|sharing soup with} {a talking fox|a customs officer|a time traveller|your younger self}
{applying for|being interviewed for|resigning from} a job as {a cloud painter|a night baker|a bridge inspector|a cartographer}
{selling|describing|losing} {a broken umbrella|the moon|a map without names|a jar of silence}
giving a {toast|speech|lecture} about {patience|potatoes|the colour green|forgotten keys}
{planning|cancelling|remembering} a {journey to the north|birthday party|robbery of a cheese shop|garden festival}
{meeting|interviewing|painting} {the person who invented the spoon|a very small giant|the wind|a retired king}
`;

export const MANNERS = `
in {three|four|five} sentences
as a {poem with rhymes|dialogue|short letter|radio play}
without using the letter {e|s|t}
in the style of {a recipe|a police report|a fairy tale|a football commentary}
{and end with a question|and include a secret|and keep it funny|but stay serious}
for {an audience of eight-year-olds|people who never saw snow|tired commuters}
`;

export const ANSWER_PARTS = `
{Well|Ah|So|Listen}, {you would not believe|let me tell you|I have often wondered} how {quiet|strange|loud|ordinary} it was {that evening|at first|when it began}
{The trick|The truth|My advice}, as {my grandmother|the old cook|nobody} used to say, is to {wait|begin in the middle|count to nine|keep the kettle warm}
{Nothing|Everything|Half of it} {smelled of|reminded me of|looked like} {oranges|wet wool|cold iron|old paper}, and {I did not mind|that was the problem|we laughed}
{Some people|Most of us|Only a few} {carry|forget|fear} {a light|their maps|the weather} {wherever they go|until it matters|for no good reason}
{When the bell rang|At ten past four|Just before dawn}, {a door opened|the sea drew back|somebody sneezed}, and {all was clear|I knew my line|the plan fell apart}
{It is a small thing|It takes practice|You may call it luck}, {but it holds|and it is mine|yet it never fails}
{If you ask me|In the end|To be fair}, {the best part|the hardest thing|what remains} is {the walk home|the first word|a good pair of shoes}
{I packed|I sold|I borrowed} {a lantern|two spoons|a ladder} and {set off|sat down|began to sing}
`;

export const CODE_TASKS = `
{write|implement|show me} a function that {reverses the words of a sentence|merges two sorted lists|counts vowels|flattens nested lists|finds the second largest number}
{write|sketch} a {class|module} for a {bounded queue|least recently used cache|bank account with overdraft|deck of cards|traffic light}
{explain|what is} the difference between {a stack and a heap|threads and processes|shallow and deep copies|a mutex and a semaphore|equality and identity}
{refactor|simplify} a loop that {builds a string|sums only even numbers|removes duplicates|searches a matrix}
{how do I|what is the best way to} {read a large file line by line|parse command line flags|sort by two keys|retry a failing request|format a date}
{write a unit test for|test} {a leap year check|a roman numeral converter|a password validator|a shopping basket}
{debug this|find the mistake}: my {recursive sum|binary search|date parser|csv reader} {returns one too many|never stops|fails on empty input}
{port|translate} a {bubble sort|temperature converter|prime sieve|word counter} to
{design|sketch} {a table layout|an interface|a small api} for {a library|a tennis club|parking meters|a recipe book}
{generate|compute} {the first n primes|all permutations of a string|Pascal's triangle|the digits of a number in base seven}
`;

export const LANGUAGES =
  "Python|Go|Rust|TypeScript|Java|Ruby|Kotlin|Elixir|C|Haskell|Lua|Swift|PHP|Scala".split("|");

export const CODE_TWISTS = `
no libraries please
it should handle empty input
keep it under twenty lines
with comments for a beginner
memory matters, the input is huge
explain the running time
I only know the basics
must work on old versions
use a generator if possible
return an error instead of throwing
names in snake case
show an example call
`;

// Verb, object and parameters of functions that exist for one request only.
export const VERBS =
  "calculate|convert|schedule|lookup|estimate|register|compare|predict|rank|validate|archive|simulate".split(
    "|",
  );
export const OBJECTS =
  "tide_height|loan_rate|recipe_portions|museum_ticket|flight_emission|plant_watering|paint_amount|train_seat|moon_phase|soil_acidity|pool_volume|choir_rehearsal|bread_hydration|chess_rating|solar_yield|library_loan|pet_vaccine|marathon_pace|wine_pairing|parking_fee|knitting_gauge|roof_load|postal_rate|star_position".split(
    "|",
  );
export const PARAMETERS: readonly (readonly [string, string, readonly string[]])[] = [
  ["location", "string", ["Lisbon", "Oslo", "Kyoto", "Accra", "Quito", "Perth"]],
  ["amount", "number", ["12", "40", "7.5", "300", "18", "95"]],
  ["date", "string", ["2026-04-01", "2026-05-17", "2026-06-30", "2026-03-21"]],
  ["unit", "string", ["metric", "imperial"]],
  ["people", "integer", ["2", "3", "5", "12"]],
  ["duration_minutes", "integer", ["30", "45", "90", "120"]],
  ["category", "string", ["standard", "premium", "student", "family"]],
  ["depth", "number", ["0.5", "1.2", "2", "3.4"]],
  ["language", "string", ["en", "pt", "ja", "fi"]],
  ["precision", "integer", ["1", "2", "4"]],
  ["include_details", "boolean", ["true", "false"]],
];
