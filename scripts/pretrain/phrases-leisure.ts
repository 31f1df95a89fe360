// What people ask an assistant about leisure, food and travel: `# domain`, `= intent other names`, then patterns (see template.ts).

/** Parts that patterns share. */
export const SHARED = `
want: (i want to|i'd like to|i would like to|i wanna|i need to|let me|let's|we want to|help me|time to|i'm trying to)
can: (can you|could you|would you|can u|will you|are you able to|hey can you|could you please|can you please)
please: (please|pls|for me|thanks|now|right now|if you can|asap|when you get a chance)
play: (play|put on|start|start playing|cue up|let me hear|i want to hear|i'd like to listen to|can you play|could you play|please play|play me|throw on|turn on|i want to listen to|stream|blast|we should hear)
find: (find|look for|search for|look up|locate|show me|get me|pull up|i'm looking for|where can i find|help me find|can you find|find me|i need to find|search|i wish to find|browse for)
book: (book|reserve|make a reservation at|get me a table at|book a table at|reserve a spot at|book me a place at|get us a table at|make reservations at|i need a table at|i want to eat at)
reserve: (book|reserve|get|i need|i want to book|please book|make me|set up|arrange|can you book|i'd like to reserve|find me|we need)
add: (add|put|include|insert|i want to add|can you add|please add|stick|throw|place|drop|append|save)
rate: (rate|give|i'd rate|i want to rate|i give|i would give|mark|score|please rate|i rate|let me rate|put down)
tell: (tell me|what is|what's|show me|give me|i want to know|do you know|can you tell me|find out|check|let me know|i need)
set: (set|create|make|start|schedule|put|add|set up|please set|can you set|i need)
send: (send|shoot|forward|email|text|write|please send|can you send|fire off)
cancel: (cancel|delete|remove|drop|call off|get rid of|scrap|please cancel|i need to cancel|can you cancel|i no longer need)
turn: (turn|switch|flip|please turn|can you turn)
buy: (buy|order|purchase|get|pick up|i want to buy|i'd like to order|can you order|please order|grab me|i need)
a: (a|an|the|this|that|my)
my: (my|the|our|my own|this)
`;

export const LEISURE = `
# music
= start_music play_song stream_audio listen play_track
@play {song}[ by {artist}][ on {music_service}]
@play the (song|track|tune) {song}[ by {artist}| from {artist}]
@play {artist}[ on {music_service}| from {music_service}| using {music_service}]
@play (something|anything|some songs|some music|a song|a track|the latest song|music) (by|from) {artist}[ from {year}| from the {decade}][ on {music_service}]
@play [some |some good |me some ]{genre}[ music| songs| tunes][ from the {decade}][ on {music_service}| through {music_service}]
@play the album {album}[ by {artist}]
@play {album} by {artist}[ on {music_service}]
@play @my [{genre} ]playlist {playlist}[ on {music_service}]
@play the {playlist} playlist
(use|open) {music_service} [and ][to ]play {song}[ by {artist}]
(go to|open up) {music_service} and play {artist}
(play|i want) (music|songs) from {year}
(play|put on) the (top|best|most popular|newest|last) {count} (songs|tracks) (by|from) {artist}
{artist} {song}[ please]
(i feel like|i'm in the mood for) [some ]{genre}[ by {artist}]
@play me (a|an|the) {year} (song|tune|record|track|album)[ by {artist}][ on {music_service}]
@play {artist}'s {song}[ on {music_service}]
@play {artist}'s (latest|newest|first|best) (album|song|record)
(can we|could we|let us) (hear|listen to) {song}[ by {artist}][ please]
(use|try|fire up) {music_service} to (play|find|hear) [some ]{artist}
@play (any|some|a) {genre} (album|song|record) (from|by) {artist}
@play {artist} and {artist2:artist}
(i'd love|i would love|i am dying) to hear {song}[ from {album}]
let's (hear|listen to) (some good|great|popular|top) {genre}[ from the {decade}][ on {music_service}]
@play {song} from {album}
music by {artist}[ from {year}]
@play the {ordinal:position} (song|track) (on|of|from) {album}
= playlist_save playlist_append save_track extend_playlist
@add {song}[ by {artist}] to @my {playlist} playlist
@add {artist} to @my {playlist}[ playlist]
@add (this song|this track|this tune|the current song|the song playing now|another song|this artist|this album) to @my [playlist ]{playlist}
@add the (song|track) {song} to {owner}'s {playlist} (playlist|list)
@add {artist}'s {song} (to|in|into|onto) @my playlist (called|named|titled) {playlist}
@add {album} to {playlist}
(my|the) {playlist} (playlist|list) (needs|should have|is missing) {song}[ by {artist}]
{playlist} needs [more ]{artist}
@add {song} by {artist} (to|onto) [the |my |our ]{playlist}
i want {artist} (on|in|added to) @my {playlist} playlist
i'd like {song} (to be|) on @my {playlist} playlist
(make|let) {song} (be part of|go on) {playlist}
(can|could|would) you (put|add|include) {artist} (in|on|to|into) the playlist (called|named|) {playlist}
@add (a|one more|another) {artist} (song|track|tune|album) to {playlist}
@add the album {album} to @my {genre} playlist {playlist}
for @my {playlist} playlist, @add {song}
@add {owner}'s favourite {song} to {playlist}
= music_control player_control playback
(skip|next|pause|stop|resume|repeat) [this ](song|track)
(make it|turn it|turn the music) (louder|quieter|up|down)
set [the ]volume to {percent}
(shuffle|repeat) @my {playlist} playlist
= create_playlist new_playlist
(create|make|start|set up) a [new ]playlist (called|named|with the name) {playlist}
(create|make) a {genre} playlist[ called {playlist}][ with {artist}]
# books
= give_rating rate_item review_score score_work
@rate (this|the current|the last|the previous|my latest) {work_kind} {rating} [out of {scale} ][{scale_unit}]
@rate {title:book_title} {rating} (out of|of|/) {scale}[ {scale_unit}]
@rate the {work_kind} {title:book_title} {rating} {scale_unit}
(give|assign|award) {rating} [out of {scale} ]{scale_unit} to {title:book_title}
(give|i'd give) {title:book_title} a {rating}[ {scale_unit}][ out of {scale}]
{title:book_title} (gets|deserves|should get|should be given) {rating} {scale_unit}[ out of {scale}]
(add a rating of|put a rating of) {rating} (for|on|to) {title:book_title}
{title:book_title} is worth {rating}[ {scale_unit}]
i (think|believe|feel) {title:book_title} (deserves|is worth|should get) [a ]{rating}[ out of {scale}][ {scale_unit}]
(my rating for|my score for) {title:book_title} is {rating}[ out of {scale}]
the (current|last|first|whole) {work_kind} (gets|deserves|is) {rating}[ {scale_unit}][ out of {scale}]
{rating} out of {scale} for {title:book_title}
{rating} {scale_unit} for (this|the last|the current|that) {work_kind}
@rate the {series_kind:work_kind} {title:book_title} (with|at) [a ]{rating}
out of {scale} i'd (give|rate) {title:book_title} {rating}
@rate {title:book_title} with [a ]{rating}[ {scale_unit}]
(zero|no) stars for {title:book_title}
= find_work find_media lookup_title open_title
@find (the|a) {work_kind} [called |named |titled ]{title}
@find {title}
@find {title} (the|a) {work_kind}
(can you|could you|please) (get me|show me|play|find) the {work_kind} {title}
(i want to|i'd like to) (watch|see|read|look at) [the {work_kind} ]{title}
(what is|where is|is there) [the {work_kind} ](called |named ){title}
@find {title}, the {work_kind}
@find the {title} {work_kind}
(i'm searching|i'm looking|searching) for (a|the) {work_kind} (called|named|with the name|) {title}
@find (a|some) {work_kind} (about|like) {title}
(bring up|open|load|display) [the {work_kind} ]{title}
(where|how) can i (watch|see|buy|view|read|hear|stream) [the {work_kind} ]{title}
{title} {work_kind}
(tell|show) me (about |more about )[the {work_kind} ]{title}
= find_book search_book book_lookup
@find [a |the ]book[s] by {author}
@find {book_title} by {author}[ in {format:book_format}]
(who wrote|who is the author of) {book_title}
(order|buy|download) [the ]{format:book_format} of {book_title}
is {book_title} available (at the library|in {language}|as an? {format:book_format})
# film
= movie_times showtimes cinema_listing what_is_playing
@find [the ](movie|film) (times|schedule|schedules|showtimes|listings)[ for {movie}][ at {cinema}| in {city}| near me]
(when|what time|at what time) is {movie} (playing|showing|on)[ at {cinema}| in {city}][ {date}]
(what movies|which films|what {genre:film_genre} movies) are (playing|showing|on) (at {cinema}|in {city}|{nearness}|around here)[ {date}]
is {movie} (playing|showing) [{date} ](at {cinema}|in {city})
(see|watch|i want to see) {movie} at {cinema}[ at {time}| {date}]
@find the (closest|nearest) (cinema|movie theater) (showing|playing|with) {movie}
(when|where) (can i|do they) (see|catch|watch|show) {movie}[ in {city}][ {date}]
{movie} (showtimes|tickets|times)[ at {cinema}][ {date}]
(what is|what's) (on|playing|showing) at {cinema}[ {date}| at {time}]
@find {genre:film_genre} (movies|films) {nearness}
(which|what) (cinema|theater|movie theater) (shows|is showing|has|plays) {movie}[ {nearness}]
(are there|is there|any) [good ]{genre:film_genre} (movies|films) (at {cinema}|{nearness}|in {city})[ {date}]
@find the (schedule|program|listing) (for|of|at) {cinema}[ {date}]
does {cinema} (have|show) {movie}[ at {time}]
@find (movies|films) {nearness}
= watch_show play_video tv_watch
(play|watch|put on|stream|continue|resume) {show:title} [season {season:small} ][episode {episode:small} ][on {tv_service}]
(record|tape) {show:title} on {channel}[ at {time}][ {date}]
(change|switch) [the ]channel to {channel}
# restaurant
= reserve_table make_reservation table_booking dine_out
@book {restaurant}[ for {party_size}[ people]][ at {time}][ {date}][ in {city}]
@reserve a (table|spot|reservation|booking) (for|for a party of) {party_size}[ people] (at|in) {restaurant}[ {date}][ at {time}]
@reserve a (table|reservation|restaurant) for {party_size} in {city}[, {state}][ {date}| at {time}]
@reserve a (table|spot) at a {cuisine} (restaurant|place|spot)[ in {city}[ {state}]][ for {party_size}][ {date}]
@reserve a {place_kind} (that serves|serving|with|known for) {dish}[ in {city}| in {country}][ for {party_size}[ people]]
(we|me and {party_names}|{party_names} and i) (want to|would like to) (eat|dine|have dinner) at {restaurant}[ in {city}]
@reserve a (highly rated|top-rated|popular|best) {place_kind} (in|close to|near) {poi}[ for {party_size}]
(can i|could we|can we) (get|have) a table [for {party_size} ]at {restaurant} {date}[ at {time}]
(i'd like|i want) to (eat|go) (at|to) a {place_kind} with {facility} [in {state} ]for {party_size}
table for {party_size}[, {date}][, {time}][, {restaurant}]
{party_size} people[ at {restaurant}] {date} {time}
@book {restaurant} {date}[ for {party_size}]
@reserve (seats|seating|a spot) at {restaurant} for {party_names}[ and me]
@reserve a {place_kind} (for|to feed) {party_size}[ people| persons] (in|close to|near) {city}[ {state}][ at {time}]
i (want|need|would like) [to have ]{dish} at a {place_kind}[ in {city}][ for {party_size}]
(find|get|book) us a {cuisine} {place_kind} (in|near) {city}[, {state}| {country}] for {party_size}
(where|somewhere) (can|could) {party_size} of us (eat|have) {dish}[ in {city}][ {date}]
@reserve a table for {party_names} at the {place_kind} {restaurant}[ in {city}]
(make|i need) a (booking|reservation) at a {place_kind} (that offers|offering|serving|which has) {cuisine} (food|cuisine|dishes)[ in {city}] for {party_size}
a {place_kind} with {facility}[ in {city}], {party_size} people
book me a {place_kind} {distance_words:nearness}[ for {party_size}][ at {time}]
@book a (well rated|cheap|fancy|new|good) {place_kind} in {city} for {date}
= find_restaurant restaurant_search food_search
@find [a |a good |some ]{cuisine} (food|restaurant|place)[s] (near|in|around|close to) {city}
(where can i|where do they|who) (get|have|find|serve) [good |the best ]{dish}[ in {city}| near {poi}]
@find a {place_kind} with {facility}[ in {city}]
(how is|what's the rating of|reviews for) {restaurant}[ in {city}]
= order_food food_order place_order
@buy {quantity:small} {dish} [and {quantity2:small} {drink} ](from|at) {restaurant}
@buy [a |some ]{dish} (with|without|no|extra) {topping:ingredient}[ from {restaurant}][ to {address}]
(i'll have|i want|get me) (a |the ){size} {dish}[ and a {drink}]
(order|get) (takeout|delivery|food) from {restaurant}[ for {time}]
= find_recipe recipe_search cook
@find a recipe (for|with) {dish}[ without {excluded:ingredient}]
how (do i|to|long to) (make|cook|bake|roast) {dish}[ with {ingredient}]
(what can i|what should i) (cook|make) with {ingredient}[ and {ingredient2:ingredient}]
# weather
= weather_forecast weather_query check_forecast meteo
(what's|what is|how's|how is|what will be|tell me|give me|check|show) the (weather|forecast|weather forecast|weather like)[ going to be] (in|for|at) {city}[, {state}| {country}][ {period}]
(will it|is it going to|is it supposed to|does it look like it will) {condition} (in|at|near) {city}[ {state}| {country}][ {period}]
(will there be|is there|are we expecting|is there a chance of) [a ]{weather_event} (in|at|over|near) {place:city}[ {period}]
(how|is it|will it be) {temperature}[ will it be| going to be] (in|at) {city}[ {period}]
(weather|forecast)[ for| in] {city}[ {period}]
(should i|do i need to) (bring|wear|take) (an umbrella|a coat|a jacket|sunscreen|boots)[ in {city}] {period}
(what's|what is) the (temperature|humidity|wind speed|uv index|air quality) in {city}[ {period}]
(is|will) {country} [be |going to be ]{temperature} {period}
(weather|forecast) (close to|near|at|in) {poi}[ {period}]
{city} weather[ {period}]
(what|how) will the weather be [like ](in|at|near|around) {city}[ {state}| {country}] {period}
weather (in|for) {city}[, {state}]
(tell me|let me know) (if|when|whether) (it will|it's going to|there will be) {condition} (in|around) {city}[ {period}]
(is|will) {city} (getting|get|expecting|expect|due for|have) [a |any |some ]{weather_event}[ {period}]
(what|which) temperature (is it|will it be) in {city}[ {period}]
(how much|any|more) {weather_event} (in|for|across) {city}[ {state}][ {period}]
{period} (will it|is it going to) be {temperature} in {city}
i'm (going|flying|driving) to {city} {period}, (what's|how is) the weather
(forecast|outlook) (for|of) {state}[ {period}]
(is it|will it be) {temperature} enough (to|for) (swim|hike|picnic|ski) in {place:city}[ {period}]
(what's it|what is it) like (outside|out) in {city}[ {country}]
chance of {weather_event} {period} in {city}
# travel
= book_flight flight_booking reserve_flight
@reserve [a ][{class:travel_class} ]flight[s] [from {from_city:city} ]to {to_city:city}[ {date}][ with {airline}| on {airline}]
(fly|flying|i need to fly|i'm going) from {from_city:city} to {to_city:city}[ on][ {date}][ for {passengers:small}]
{passengers:small} (tickets|seats) (to|for) {to_city:city}[ from {from_city:city}] [leaving |departing ]{date}[ returning {return_date:date}]
(one way|round trip|cheapest|nonstop) (flight|ticket) {from_city:city} to {to_city:city}[ under {price}]
= flight_status track_flight
(what's the status of|track|is|has) [flight ]{flight}[ on time| landed| delayed]
(when|what time) does [flight ]{flight} (land|arrive|leave|depart)[ in {city}]
what gate (is|for) {flight}
= book_hotel hotel_booking reserve_room
@reserve [a ][{room_type} ]room (at|in) [the ]{hotel}[ in {city}] [for {nights:small} nights][ from {date}]
@reserve a hotel in {city} (from {date} to {end_date:date}|for {nights:small} nights)[ under {price}]
@find a hotel (in|near) {city} with {amenity}[ and {amenity2:amenity}][ for {guests:small}]
= get_directions navigate route
(take me|navigate|drive me|how do i get|directions|get directions|route) to {destination:poi}[ from {origin:address}][ avoiding {avoid:road}]
(how far is|how long to get to|how long will it take to drive to) {destination:city}[ from {origin:city}]
(what's|how is|is there) [the ]traffic (on|to|in) {destination:address}
= call_ride book_taxi ride_request
(get|call|book|order) [me ](a|an) (cab|taxi|ride|{vehicle_class}) (to|from) {destination:poi}[ at {time}][ for {riders:small}]
(pick me up|pickup) (at|from) {origin:address}[ at {time}][ and take me to {destination:poi}]
= train_tickets book_train
@reserve {passengers:small} train tickets from {from_city:city} to {to_city:city} {date}[ at {time}]
(when|what time) (is|does) the (next|last|first) train (to|for) {to_city:city}[ leave]
= rent_car car_rental hire_vehicle
(rent|hire|i need to rent) (a|an) {vehicle_class}[ from {company:brand}] in {city}[ from {date}][ to {end_date:date}]
= find_place search_place nearby
@find (the nearest|the closest|a|any) {place_type}[ near {poi}| in {city}| close by]
(is there|are there any) {place_type} (near|around|by) {poi}
what time does {poi} (open|close)[ {date}]
= find_event event_search whats_on
@find [a |any |some ]{event_type} in {city}[ {date}| {period}]
@reserve {tickets:small} tickets (to|for) {artist}[ in {city}][ {date}]
(what's|anything) (happening|going on|fun) in {city} {period}
= sports_score game_result check_score
(what's|what is|what was|tell me) the score (of|for|in) the {team}[ game]
did the {team} (win|lose)[ {date}| against the {opponent:team}]
(when do|when will) the {team} play [the {opponent:team}|next]
= translate translate_text translation
(how do you say|translate|what is) {phrase} (in|to|into) {language}
translate {phrase} from {source_language:language} to {language}
= define_word dictionary_lookup
(what does|define|what's the meaning of|look up) {word:noun}[ mean]
(how do you|can you) (spell|pronounce) {word:noun}
`;
