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

// Functions that exist for one request only: their name, and what they need to know.
export const FUNCTIONS = `
tide_height: location, date, unit
loan_payment: amount, duration_months, rate_percent
recipe_portions: dish, people, unit
museum_ticket: location, date, people, category
flight_emission: location, destination, people
plant_watering: plant, location, date
paint_amount: amount, unit, color
train_seat: location, destination, date, people
moon_phase: date, location
soil_acidity: location, depth
pool_volume: length, width, depth, unit
choir_rehearsal: date, location, duration_minutes
bread_hydration: amount, rate_percent
chess_rating: rating, opponent_rating
solar_yield: location, amount, date
pet_vaccine: animal, date, location
marathon_pace: duration_minutes, unit
wine_pairing: dish, people, amount
parking_fee: location, duration_minutes, category
knitting_gauge: width, length, unit
roof_load: location, width, length
postal_rate: destination, amount, unit
star_position: location, date, precision
greenhouse_heating: location, width, length, unit
language_course: language, date, category
concert_queue: location, date, category, people
bee_colony: location, date, amount
paper_format: width, length, unit
ferry_crossing: location, destination, date, category
violin_tuning: precision, language
`;

export const VERBS = {
  number: ["calculate", "estimate", "compute", "get", "check"],
  plan: ["find", "plan", "lookup", "compare", "prepare"],
};

export const VALUES: { readonly [parameter: string]: readonly [string, readonly string[]] } = {
  location: [
    "string",
    ["Lisbon", "Oslo", "Kyoto", "Accra", "Quito", "Perth", "Split", "Halifax", "Bergen", "Tartu"],
  ],
  destination: ["string", ["Naples", "Cusco", "Hobart", "Riga", "Dakar", "Busan", "Calgary"]],
  amount: ["number", ["12", "40", "7.5", "300", "18", "95", "1500", "2.25", "640"]],
  date: ["string", ["2026-04-01", "2026-05-17", "2026-06-30", "2026-03-21", "2026-08-09", "2026-07-14"]],
  unit: ["string", ["metric", "imperial"]],
  people: ["integer", ["2", "3", "5", "12", "30"]],
  duration_minutes: ["integer", ["30", "45", "90", "120", "225"]],
  duration_months: ["integer", ["6", "18", "36", "240"]],
  rate_percent: ["number", ["2.5", "4", "65", "72", "3.1"]],
  category: ["string", ["standard", "premium", "student", "family"]],
  depth: ["number", ["0.5", "1.2", "2", "3.4"]],
  length: ["number", ["4", "8.5", "12", "25"]],
  width: ["number", ["2", "3.5", "5", "10"]],
  language: ["string", ["en", "pt", "ja", "fi"]],
  precision: ["integer", ["1", "2", "4"]],
  color: ["string", ["ochre", "white", "sea blue", "brick"]],
  dish: ["string", ["lentil soup", "apple strudel", "paella", "mushroom risotto", "fish pie"]],
  plant: ["string", ["fern", "basil", "lemon tree", "orchid", "olive"]],
  animal: ["string", ["cat", "ferret", "old beagle", "rabbit"]],
  rating: ["integer", ["1420", "1875", "2110"]],
  opponent_rating: ["integer", ["1390", "1960", "2240"]],
};
