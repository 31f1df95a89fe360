// Kinds of values that patterns name: leisure, food, travel.
import { between, chance, pick, weighted } from "./draw.ts";
import { concept, integer, kindOf, listed, many, oneOf, type Concept } from "./concept.ts";
import { saidDate, saidDuration, saidMoney, saidTime, spell } from "./numbers.ts";
import { address, anything, capitals, madeUpTitle, message, restaurant, strangeWord } from "./values.ts";

export const LEISURE_CONCEPTS: readonly (readonly [string, Concept])[] = [
  concept(
    "position",
    "index place number",
    oneOf("first|second|third|fourth|fifth|last|next to last|sixth|tenth"),
  ),
  concept("song", "track song_name title track_title tune", many(listed("music.song_name", 0), 0.45)),
  concept("artist", "singer musician band performer artist_name", many(listed("music.artist", 0.1), 0.1)),
  concept("album", "record album_name album_title", many(listed("music.album", 0), 0.4)),
  concept("genre", "style music_genre kind", listed("music.genre", 0.03)),
  concept(
    "music_service",
    "service platform source provider",
    oneOf(
      "spotify|youtube|pandora|itunes|deezer|last fm|soundcloud|apple music|tidal|google music|amazon music|napster|bandcamp|groove",
    ),
  ),
  concept("playlist", "playlist_name list target_playlist", (s) =>
    weighted<() => string>(s.random, [
      [5, () => madeUpTitle(s)],
      [
        2,
        () =>
          `${capitals(pick(s.random, s.lexicon.adjectives))} ${pick(s.random, ["Vibes", "Hits", "Mix", "Songs", "Jams", "Beats", "Classics", "Mornings"])}`,
      ],
      [
        2,
        () =>
          `${pick(s.random, s.lexicon.lists.get("music.genre") ?? [])} ${pick(s.random, ["Hits", "Essentials", "Party", "Nation", "Workout", "Classics"])}`,
      ],
      [
        1,
        () =>
          pick(s.random, [
            "workout",
            "road trip",
            "dinner",
            "party",
            "study",
            "sleep",
            "summer",
            "running",
            "chill",
            "gym",
            "cooking",
          ]),
      ],
    ])(),
  ),
  concept(
    "decade",
    "era period",
    oneOf("fifties|sixties|seventies|eighties|nineties|1950s|60s|70s|80s|90s|2000s|twenties"),
  ),
  concept("year", "release_year", ({ random }) => String(between(random, 1920, 2026))),
  concept("count", "how_many number_of limit", integer(2, 50), "integer"),
  concept("owner", "user whose", (s) => pick(s.random, s.lexicon.firstNames)),
  concept(
    "percent",
    "level percentage volume",
    ({ random }) => {
      const json = 5 * between(random, 0, 20);
      return { text: `${chance(random, 0.3) ? spell(json) : json}${pick(random, ["%", " percent"])}`, json };
    },
    "integer",
  ),
  concept(
    "work_kind",
    "type media_type item_type kind",
    oneOf(
      "book|novel|album|song|movie|film|essay|textbook|series|saga|chronicle|painting|photograph|game|video game|tv show|tv series|trailer|soundtrack|play|poem|comic|magazine|podcast|program|picture|show",
    ),
  ),
  concept(
    "rating",
    "score stars value points",
    ({ random }) => {
      const json = between(random, 0, 9);
      return { text: chance(random, 0.5) ? spell(json) : String(json), json };
    },
    "integer",
  ),
  concept("scale", "max maximum out_of top", oneOf("5|6|10|five|ten|six|100")),
  concept("scale_unit", "unit rated_in", oneOf("stars|points|star|point")),
  concept("title", "name work_title work", (s) =>
    weighted<() => string>(s.random, [
      [4, () => madeUpTitle(s)],
      [2, () => listed("book.title", 0)(s)],
      [1, () => listed("music.album", 0)(s)],
      [1, () => listed("music.song_name", 0)(s)],
      [1, () => anything(s)],
    ])(),
  ),
  concept("book_title", "book title name", many(listed("book.title", 0), 0.55)),
  concept("author", "writer written_by author_name", many(listed("book.author", 0.2), 0.05)),
  concept(
    "book_format",
    "format edition",
    oneOf("paperback|hardcover|audiobook|ebook|kindle edition|large print"),
  ),
  concept("movie", "film movie_title title", many(listed("book.title", 0), 0.75)),
  concept(
    "cinema",
    "theater movie_theater venue location_name",
    (s) =>
      `${capitals(pick(s.random, s.lexicon.nouns))} ${pick(s.random, ["Cinemas", "Theatres", "Theaters", "Cineplex", "Picture House", "Corporation", "Entertainment", "Multiplex"])}`,
  ),
  concept(
    "film_genre",
    "genre film_kind",
    oneOf("animated|horror|action|comedy|romantic|science fiction|documentary|indie|western|thriller"),
  ),
  concept(
    "nearness",
    "proximity how_near",
    oneOf("nearby|close by|near me|around here|within walking distance|in the area"),
  ),
  concept(
    "tv_service",
    "service streaming_service",
    oneOf("netflix|hulu|disney plus|hbo|prime video|apple tv|peacock|plex"),
  ),
  concept(
    "channel",
    "station network",
    oneOf("cnn|bbc|espn|hbo|fox|abc|nbc|channel 4|channel 7|discovery|mtv|national geographic"),
  ),
  concept("restaurant", "eatery place venue", restaurant),
  concept("party_size", "people guests headcount number_of_people", integer(1, 12), "integer"),
  concept("party_names", "with companions guests_names", (s) =>
    pick(s.random, [
      pick(s.random, s.lexicon.firstNames),
      "my wife",
      "my brother",
      "my mom and dad",
      "sally and john",
      "my boss",
      `${pick(s.random, s.lexicon.firstNames)} and ${pick(s.random, s.lexicon.firstNames)}`,
    ]),
  ),
  concept("cuisine", "food_type kitchen cuisine_type", listed("food.ethnic_category", 0.02)),
  concept("dish", "meal food item", many(listed("food.dish", 0.02), 0.05)),
  concept("ingredient", "ingredients topping", listed("food.ingredient", 0.02)),
  concept(
    "place_kind",
    "place_type venue_type",
    oneOf(
      "restaurant|bar|pub|cafe|bistro|diner|brasserie|steakhouse|food truck|tavern|bakery|cafeteria|pizzeria|gastropub|tea house|brewery",
    ),
  ),
  concept(
    "facility",
    "feature amenities",
    oneOf(
      "wifi|outdoor seating|parking|a pool|live music|a terrace|wheelchair access|a smoking room|valet parking|a kids menu|a view",
    ),
  ),
  concept("drink", "beverage", (s) => kindOf("beverage")(s)),
  concept("size", "size_label", oneOf("small|medium|large|extra large|xl|s|m|8|10|42|12 inch")),
  concept("city", "town location place city_name", (s) =>
    weighted<() => string>(s.random, [
      [6, () => listed("location.city_name", 0)(s)],
      [2, () => kindOf("city")(s)],
      [
        1,
        () =>
          capitals(strangeWord(s.random)) +
          pick(s.random, ["ville", "ton", "burg", "", "field", " Falls", " City", "stad"]),
      ],
      [1, () => capitals(strangeWord(s.random))],
    ])(),
  ),
  concept("state", "region province", (s) =>
    chance(s.random, 0.3) ? listed("location.state_abbr", 0)(s) : listed("location.state", 0)(s),
  ),
  concept("country", "nation land", listed("location.country", 0)),
  concept("poi", "landmark place location point_of_interest", (s) =>
    weighted<() => string>(s.random, [
      [
        2,
        () =>
          `${capitals(pick(s.random, s.lexicon.nouns))} ${pick(s.random, ["Park", "Museum", "Bridge", "Square", "Library", "Station", "Beach", "Tower", "Mall", "Airport", "University", "National Forest"])}`,
      ],
      [1, () => kindOf("structure")(s)],
      [
        1,
        () =>
          `${pick(s.random, s.lexicon.firstNames)} ${pick(s.random, ["Hall", "Hospital", "Plaza", "Center", "State Park", "Lake"])}`,
      ],
      [1, () => pick(s.random, s.lexicon.lists.get("airline.airport") ?? [])],
    ])(),
  ),
  concept(
    "condition",
    "weather what_weather",
    oneOf("rain|snow|be sunny|be cloudy|storm|hail|get windy|be foggy|freeze|drizzle|clear up|be humid"),
  ),
  concept(
    "weather_event",
    "condition weather_event",
    oneOf(
      "blizzard|storm|thunderstorm|fog|rain|snow|sun|hail|tornado|hurricane|wind|sleet|drizzle|heat wave|cold front|clouds|frost|overcast",
    ),
  ),
  concept(
    "temperature",
    "feels how_warm",
    oneOf("hot|cold|warm|chilly|freezing|cool|hotter|colder|warmer|mild|cooler"),
  ),
  concept("period", "when date period time", (s) =>
    weighted<() => string>(s.random, [
      [
        3,
        () =>
          pick(
            s.random,
            "today|tomorrow|tonight|this weekend|next week|this afternoon|this evening|next month|right now|at the moment|in the morning|later today|this month|on christmas|this summer|next spring|around lunch time|this week|next year".split(
              "|",
            ),
          ),
      ],
      [3, () => saidDate(s.random, s.today).text],
      [1, () => `at ${saidTime(s.random).text}`],
      [1, () => `in ${saidDuration(s.random).text}`],
      [
        1,
        () =>
          `${pick(s.random, ["next", "this", "on"])} ${pick(s.random, ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])}`,
      ],
      [1, () => `${saidDate(s.random, s.today).text} at ${saidTime(s.random).text}`],
      [
        1,
        () =>
          `${pick(s.random, ["in", "by", "during"])} ${pick(s.random, ["march", "november", "the summer", "two months", "nine hours", "a week", "june", "winter"])}`,
      ],
    ])(),
  ),
  concept("travel_class", "cabin", oneOf("business class|first class|economy|premium economy")),
  concept("airline", "carrier", listed("airline.airline", 0.03)),
  concept("price", "amount cost max_price budget", ({ random }) => saidMoney(random), "number"),
  concept(
    "flight",
    "flight_number",
    ({ random }) =>
      `${pick(random, ["AA", "UA", "DL", "BA", "LH", "AF", "KL", "SQ", "QF", "EK"])}${pick(random, ["", " "])}${between(random, 1, 9999)}`,
  ),
  concept(
    "room_type",
    "room_kind",
    oneOf("single|double|twin|king|queen|deluxe|family|ocean view|non smoking"),
  ),
  concept(
    "hotel",
    "hotel_name lodging",
    (s) =>
      `${capitals(pick(s.random, s.lexicon.nouns))} ${pick(s.random, ["Hotel", "Inn", "Suites", "Lodge", "Resort", "Palace", "Hostel"])}`,
  ),
  concept(
    "amenity",
    "feature facility",
    oneOf(
      "a pool|free breakfast|parking|wifi|a gym|pets allowed|a balcony|air conditioning|a kitchen|a sauna|laundry|a garden",
    ),
  ),
  concept("address", "street location", address),
  concept("road", "avoid_road", oneOf("tolls|highways|the freeway|downtown|ferries|main street|the tunnel")),
  concept(
    "vehicle_class",
    "car_type vehicle_type",
    oneOf("suv|minivan|sedan|convertible|pickup truck|van|compact car|electric car|limo|motorcycle|hybrid"),
  ),
  concept("brand", "company manufacturer merchant store", (s) =>
    weighted<() => string>(s.random, [
      [2, () => capitals(strangeWord(s.random))],
      [
        2,
        () =>
          `${capitals(pick(s.random, s.lexicon.nouns))} ${pick(s.random, ["Inc", "Co", "Labs", "Depot", "Mart", "Group", "Works"])}`,
      ],
      [1, () => `${pick(s.random, s.lexicon.firstNames)} & Sons`],
      [1, () => pick(s.random, s.lexicon.lists.get("vehicle.manufacturer") ?? [])],
    ])(),
  ),
  concept(
    "place_type",
    "category kind_of_place",
    oneOf(
      "gas station|pharmacy|atm|grocery store|parking garage|coffee shop|hospital|post office|bank|gym|bookstore|hardware store|library|laundromat|dentist|car wash|charging station",
    ),
  ),
  concept(
    "event_type",
    "category kind",
    oneOf(
      "concert|festival|play|exhibition|football game|comedy show|farmers market|conference|workshop|parade|opera|ballet",
    ),
  ),
  concept(
    "team",
    "team_name club",
    (s) =>
      `${pick(s.random, s.lexicon.lists.get("location.city_name") ?? [])} ${capitals(pick(s.random, s.lexicon.lists.get("team.creature") ?? []))}`,
  ),
  concept("phrase", "text sentence words", (s) => {
    const text = chance(s.random, 0.5) ? message(s) : anything(s);
    return chance(s.random, 0.5) ? text : text.toLowerCase();
  }),
  concept("language", "target_language lang tongue", listed("location.language", 0)),
  concept("noun", "word term", (s) => pick(s.random, s.lexicon.nouns)),
];
