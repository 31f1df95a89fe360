/** One-off questions about code: the question, the language, and the answer ("\n" breaks its lines; the language "prose" means no code). */
export const CODE_TEXT = String.raw`
{write|implement|show me} a function that reverses the {words|order of the words} {of|in} a sentence => Python => def reverse_words(text):\n    return " ".join(reversed(text.split()))
{how do I|can you} merge two sorted lists {into one|} => Python => def merge(a, b):\n    out = []\n    while a and b:\n        out.append(a.pop(0) if a[0] <= b[0] else b.pop(0))\n    return out + a + b
{count|I need to count} the vowels {of a string|in a text} => JavaScript => const vowels = (text) => (text.match(/[aeiou]/gi) ?? []).length;
{flatten|how to flatten} a {deeply nested array|list of lists of lists} => JavaScript => const flatten = (items) => items.flatMap((item) => (Array.isArray(item) ? flatten(item) : [item]));
{find|get} the second largest number {of a list|} => Python => def second_largest(numbers):\n    return sorted(set(numbers))[-2]
{write|sketch} a bounded queue {that refuses when it is full|} => Go => type Queue struct{ items chan int }\n\nfunc (q Queue) Put(v int) bool {\n\tselect {\n\tcase q.items <- v:\n\t\treturn true\n\tdefault:\n\t\treturn false\n\t}\n}
a least recently used cache {with a limit|of fixed size} => Python => from collections import OrderedDict\n\nclass Cache(OrderedDict):\n    def get(self, key):\n        self.move_to_end(key)\n        return self[key]
{model|write} a bank account {with an overdraft limit|that may go below zero by 100} => Ruby => class Account\n  LIMIT = -100\n  def withdraw(sum)\n    raise "over limit" if @balance - sum < LIMIT\n    @balance -= sum\n  end\nend
{shuffle|deal} a deck of cards => Python => import random\ndeck = [(rank, suit) for suit in "SHDC" for rank in range(1, 14)]\nrandom.shuffle(deck)
{a|write a} traffic light as a state machine => TypeScript => const next = { red: "green", green: "yellow", yellow: "red" } as const;\nconst step = (light: keyof typeof next) => next[light];
{read|how to read} a {huge|very large} file line by line => Go => scanner := bufio.NewScanner(file)\nfor scanner.Scan() {\n\thandle(scanner.Text())\n}
{parse|how do I read} command line flags {without a library|} => Python => import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument("--limit", type=int, default=10)\nargs = parser.parse_args()
sort {people|records} by {two keys|surname and then age} => Python => people.sort(key=lambda p: (p.surname, p.age))
{retry|how to repeat} a {request|download} that {fails sometimes|times out} => JavaScript => async function retry(run, times) {\n  for (let n = 1; ; n++) {\n    try {\n      return await run();\n    } catch (error) {\n      if (n === times) throw error;\n    }\n  }\n}
{is it a leap year|check for leap years} => C => int is_leap(int y) {\n  return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;\n}
{convert|turn} {numbers|integers} {in|}to roman numerals => Python => def roman(n):\n    out = ""\n    for value, sign in [(10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]:\n        while n >= value:\n            out += sign\n            n -= value\n    return out
{binary search|my binary search} {never stops|loops forever on two elements} => Java => while (low < high) {\n    int middle = low + (high - low) / 2;\n    if (items[middle] < key) low = middle + 1;\n    else high = middle;\n}
{sum|add} only the even numbers {of a slice|} => Rust => fn sum_even(items: &[i64]) -> i64 {\n    items.iter().filter(|n| *n % 2 == 0).sum()\n}
{remove|drop} duplicates {but keep the order|in order} => Python => unique = list(dict.fromkeys(items))
{count|how many} {words|times each word occurs} in a {text|file} => Elixir => text |> String.split() |> Enum.frequencies()
the sieve of {Eratosthenes|primes} {up to n|} => Python => def primes(n):\n    alive = [True] * (n + 1)\n    for p in range(2, int(n ** 0.5) + 1):\n        if alive[p]:\n            alive[p * p :: p] = [False] * len(alive[p * p :: p])\n    return [p for p in range(2, n + 1) if alive[p]]
{all permutations|permutations} of a {word|string} => Haskell => import Data.List (permutations)\nmain = mapM_ putStrLn (permutations "abc")
Pascal's triangle, {first|the first} {seven|ten|n} rows => Haskell => rows = iterate (\row -> zipWith (+) (0 : row) (row ++ [0])) [1]
{a table layout|tables} for a {library|tennis club|school choir} => SQL => CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT);\nCREATE TABLE loan (member_id INTEGER REFERENCES member, item TEXT, due DATE);
{rename|how to rename} all .txt files {of|in} a folder => Bash => for f in *.txt; do\n  mv -- "$f" "$(basename "$f" .txt).md"\ndone
{which|find which} process {uses|blocks|listens on} port 8080 => Bash => ss -ltnp | grep :8080
undo {my last commit|the last commit} {but keep the changes|without losing work} => Bash => git reset --soft HEAD~1
centre a box {on the page|in its parent} => CSS => .parent {\n  display: grid;\n  place-items: center;\n}
{explain|what is} the difference between {a stack and a heap|stack memory and heap memory} => prose => The stack holds the frames of running functions and frees them on return; the heap holds what must outlive a call and is freed by hand or by a collector.
{threads or processes|when should I use threads and when processes}{?|} => prose => Threads share memory and are cheap to start, processes are apart and fail apart. For work that waits take threads, for work that computes take processes.
{what does|explain} "deep copy" {mean|} => prose => A shallow copy copies the outer container and shares what is inside; a deep copy copies the inside as well, so that changing one leaves the other alone.
{mutex|a mutex} {versus|or} semaphore => prose => A mutex has one owner and guards one thing; a semaphore counts and lets a number of holders in. Use a mutex unless you need to count.
{explain|what is} {recursion|tail recursion} {to a beginner|in two sentences|} => prose => A function that solves a smaller piece of the same problem by calling itself, with one case that needs no further call. Where the call is the last step, it can run like a loop.
why is {floating point|0.1 + 0.2} {inexact|not 0.3} => prose => Most decimal fractions have no finite binary form, so the nearest one is stored. Compare with a tolerance, or count in cents.
{when|in which case} is a {linked list|hash map} {better|a bad idea} => prose => Arrays win when you read by place and in order, lists when you insert in the middle, maps when you look up by key and order does not matter.
{what is|explain} {a closure|closures} {with an everyday picture|} => prose => A function together with the variables it saw when it was made, like a letter that carries its own dictionary.
`;
