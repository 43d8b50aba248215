;; Takes a line of JSON apart by the shape that it is known to have, and knows again the texts that it
;; has met before. See scan.ts, which writes the programs and reads the answers.
;;
;; Reads past what it was told to read, always inside the memory, and never believes what stands there:
;; a match counts only if it ends where the line ends, and every step but the last needs a byte before that.
;;
;; Over 400 lines because one memory has one layout, and a language without names for much needs room.
(module
  (memory (export "memory") 15 15)

  ;; For each wanted value, i32 each: the place of a text, a flag, or the second of the day of a time (-1: another day's).
  (global $OUT (export "OUT") i32 (i32.const 1024))
  ;; For each wanted number: the number. f64 each.
  (global $NUMBERS (export "NUMBERS") i32 (i32.const 2048))
  ;; How many NEWS and LONGS there are, and whether any text may hold an escape.
  (global $COUNTS (export "COUNTS") i32 (i32.const 0))
  ;; Places whose text is another than before.
  (global $NEWS (export "NEWS") i32 (i32.const 3072))
  ;; Texts that are not in the table: place behind it, start, end.
  (global $LONGS (export "LONGS") i32 (i32.const 4096))
  ;; What a match found of each wanted value: start, end, kind. A start of 0: null.
  (global $SPANS (export "SPANS") i32 (i32.const 6144))
  ;; A time such as 2024-03-04T10:15:30+0100, of whose day the next lines may be.
  (global $DAY (export "DAY") i32 (i32.const 64))
  (global $LINE (export "LINE") i32 (i32.const 8192))
  ;; Bytes of which lines are pieces.
  (global $SOURCE (export "SOURCE") i32 (i32.const 786432))
  (global $SOURCE_SIZE (export "SOURCE_SIZE") i32 (i32.const 196544))
  ;; The programs to try, in order.
  (global $ORDER (export "ORDER") i32 (i32.const 7936))
  (global $PROGRAMS (export "PROGRAMS") i32 (i32.const 65536))
  ;; Places for texts, in sets of four. A set: four hashes, four lengths, four numbers of the line that asked last.
  (global $PLACES (export "PLACES") i32 (i32.const 4096))
  (global $LENGTHS (export "LENGTHS") i32 (i32.const 327696))
  (global $SETS i32 (i32.const 327680))
  ;; The bytes of each place.
  (global $TEXTS (export "TEXTS") i32 (i32.const 393216))
  (global $SHORT (export "SHORT") i32 (i32.const 96))
  ;; Whether an escape was met since the last match.
  (global $escapes (mut i32) (i32.const 0))
  ;; Number of the line, of those that matched.
  (global $line (mut i32) (i32.const 0))

  (func $isHex (param $c i32) (result i32)
    (i32.or
      (i32.lt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10))
      (i32.lt_u (i32.sub (i32.or (local.get $c) (i32.const 32)) (i32.const 97)) (i32.const 6))))

  ;; End of the escape whose backslash is at p; 0 when it is none.
  (func $escape (param $p i32) (result i32)
    (local $c i32)
    (local.set $c (i32.load8_u offset=1 (local.get $p)))
    (global.set $escapes (i32.const 1))
    (if (i32.eq (local.get $c) (i32.const 117)) ;; u and four digits
      (then
        (return (select (i32.add (local.get $p) (i32.const 6)) (i32.const 0)
          (i32.and
            (i32.and
              (call $isHex (i32.load8_u offset=2 (local.get $p)))
              (call $isHex (i32.load8_u offset=3 (local.get $p))))
            (i32.and
              (call $isHex (i32.load8_u offset=4 (local.get $p)))
              (call $isHex (i32.load8_u offset=5 (local.get $p)))))))))
    ;; quote, backslash, slash, b, f, n, r, t
    (select (i32.add (local.get $p) (i32.const 2)) (i32.const 0)
      (i32.or
        (i32.or
          (i32.or (i32.eq (local.get $c) (i32.const 34)) (i32.eq (local.get $c) (i32.const 92)))
          (i32.or (i32.eq (local.get $c) (i32.const 47)) (i32.eq (local.get $c) (i32.const 98))))
        (i32.or
          (i32.or (i32.eq (local.get $c) (i32.const 102)) (i32.eq (local.get $c) (i32.const 110)))
          (i32.or (i32.eq (local.get $c) (i32.const 114)) (i32.eq (local.get $c) (i32.const 116)))))))

  ;; Place of the quote that closes the text whose first byte is at p, which may be behind the end; 0 when
  ;; something comes before it that no text may hold.
  (func $text (param $p i32) (param $end i32) (result i32)
    (local $v v128) (local $bits i32) (local $c i32)
    (loop $more
      (local.set $v (v128.load (local.get $p)))
      (local.set $bits (i8x16.bitmask (v128.or (v128.or
        (i8x16.eq (local.get $v) (i8x16.splat (i32.const 34)))
        (i8x16.eq (local.get $v) (i8x16.splat (i32.const 92))))
        (i8x16.lt_u (local.get $v) (i8x16.splat (i32.const 32))))))
      (if (i32.eqz (local.get $bits)) (then
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br_if $more (i32.lt_u (local.get $p) (local.get $end)))
        (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.ctz (local.get $bits))))
      (local.set $c (i32.load8_u (local.get $p)))
      (if (i32.eq (local.get $c) (i32.const 34)) (then (return (local.get $p))))
      (if (i32.ne (local.get $c) (i32.const 92)) (then (return (i32.const 0))))
      (local.set $p (call $escape (local.get $p)))
      (br_if $more (i32.and
        (i32.ne (local.get $p) (i32.const 0))
        (i32.lt_u (local.get $p) (local.get $end)))))
    (i32.const 0))

  (func $digits (param $p i32) (result i32)
    (loop $more
      (if (i32.lt_u (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)) (i32.const 10)) (then
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $more))))
    (local.get $p))

  ;; End of a number; 0 when there is none.
  (func $number (param $p i32) (result i32)
    (local $q i32) (local $c i32)
    (if (i32.eq (i32.load8_u (local.get $p)) (i32.const 45)) (then
      (local.set $p (i32.add (local.get $p) (i32.const 1)))))
    (if (i32.eq (i32.load8_u (local.get $p)) (i32.const 48))
      (then (local.set $p (i32.add (local.get $p) (i32.const 1))))
      (else
        (local.set $q (call $digits (local.get $p)))
        (if (i32.eq (local.get $q) (local.get $p)) (then (return (i32.const 0))))
        (local.set $p (local.get $q))))
    (if (i32.eq (i32.load8_u (local.get $p)) (i32.const 46)) (then
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (local.set $q (call $digits (local.get $p)))
      (if (i32.eq (local.get $q) (local.get $p)) (then (return (i32.const 0))))
      (local.set $p (local.get $q))))
    (if (i32.eq (i32.or (i32.load8_u (local.get $p)) (i32.const 32)) (i32.const 101)) (then
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (local.set $c (i32.load8_u (local.get $p)))
      (if (i32.or (i32.eq (local.get $c) (i32.const 43)) (i32.eq (local.get $c) (i32.const 45))) (then
        (local.set $p (i32.add (local.get $p) (i32.const 1)))))
      (local.set $q (call $digits (local.get $p)))
      (if (i32.eq (local.get $q) (local.get $p)) (then (return (i32.const 0))))
      (local.set $p (local.get $q))))
    (local.get $p))

  ;; The whole number from p to q, of 15 digits at most; -1 when it is no such number.
  (func $whole (param $p i32) (param $q i32) (result f64)
    (local $n i64) (local $c i32)
    (if (i32.gt_u (i32.sub (local.get $q) (local.get $p)) (i32.const 15)) (then (return (f64.const -1))))
    (loop $more
      (local.set $c (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)))
      (if (i32.gt_u (local.get $c) (i32.const 9)) (then (return (f64.const -1))))
      (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 10)) (i64.extend_i32_u (local.get $c))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $p) (local.get $q))))
    (f64.convert_i64_u (local.get $n)))

  ;; End of a text, number, flag or null; 0 when there is none.
  (func $plain (param $p i32) (param $end i32) (result i32)
    (local $c i32)
    (local.set $c (i32.load8_u (local.get $p)))
    (if (i32.eq (local.get $c) (i32.const 34)) (then
      (local.set $p (call $text (i32.add (local.get $p) (i32.const 1)) (local.get $end)))
      (return (select (i32.add (local.get $p) (i32.const 1)) (i32.const 0) (local.get $p)))))
    (local.set $c (i32.load (local.get $p)))
    (if (i32.or (i32.eq (local.get $c) (i32.const 0x6c6c756e)) (i32.eq (local.get $c) (i32.const 0x65757274))) (then ;; null, true
      (return (i32.add (local.get $p) (i32.const 4)))))
    (if (i32.and (i32.eq (local.get $c) (i32.const 0x736c6166)) (i32.eq (i32.load8_u offset=4 (local.get $p)) (i32.const 101))) (then ;; false
      (return (i32.add (local.get $p) (i32.const 5)))))
    (call $number (local.get $p)))

  ;; End of a value that nobody wants: a plain one, or a list of those; 0 when there is none.
  (func $any (param $p i32) (param $end i32) (result i32)
    (if (i32.ne (i32.load8_u (local.get $p)) (i32.const 91)) (then
      (return (call $plain (local.get $p) (local.get $end)))))
    (if (i32.eq (i32.load8_u offset=1 (local.get $p)) (i32.const 93)) (then
      (return (i32.add (local.get $p) (i32.const 2)))))
    (loop $members
      (local.set $p (call $plain (i32.add (local.get $p) (i32.const 1)) (local.get $end)))
      (if (i32.or (i32.eqz (local.get $p)) (i32.ge_u (local.get $p) (local.get $end))) (then (return (i32.const 0))))
      (br_if $members (i32.eq (i32.load8_u (local.get $p)) (i32.const 44))))
    (select (i32.add (local.get $p) (i32.const 1)) (i32.const 0) (i32.eq (i32.load8_u (local.get $p)) (i32.const 93))))

  ;; Whether the line has the shape; fills SPANS, NUMBERS and the flags of OUT. A program is a row of
  ;; [kind, length of the text before the value] and that text, in pieces of 16 bytes with a mask each.
  ;; Kinds: 0 any plain value or list of those, 1 text or null, 2 number, 3 flag, 4 time as text or null, -1 the end.
  (func $match (param $program i32) (param $start i32) (param $end i32) (result i32)
    (local $kind i32) (local $c i32) (local $p i32) (local $q i32) (local $at i32) (local $wanted i32) (local $n f64) (local $v v128)
    (local.set $p (local.get $start))
    (loop $members
      (local.set $kind (i32.load (local.get $program)))
      (local.set $at (local.get $p))
      (local.set $p (i32.add (local.get $p) (i32.load offset=4 (local.get $program))))
      (if (i32.gt_u (local.get $p) (local.get $end)) (then (return (i32.const -1))))
      (local.set $program (i32.add (local.get $program) (i32.const 8)))
      (loop $literal
        (if (v128.any_true (v128.and
            (v128.xor (v128.load (local.get $at)) (v128.load (local.get $program)))
            (v128.load offset=16 (local.get $program))))
          (then (return (i32.const -1))))
        (local.set $program (i32.add (local.get $program) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $literal (i32.lt_u (local.get $at) (local.get $p))))
      (if (i32.lt_s (local.get $kind) (i32.const 0)) (then
        (return (select (local.get $wanted) (i32.const -1) (i32.eq (local.get $p) (local.get $end))))))
      (local.set $at (i32.const 0))
      (local.set $c (i32.load8_u (local.get $p)))
      (block $no
        (if (i32.eq (local.get $c) (i32.const 34))
          (then
            (br_if $no (i32.or (i32.eq (local.get $kind) (i32.const 2)) (i32.eq (local.get $kind) (i32.const 3))))
            (local.set $at (i32.add (local.get $p) (i32.const 1)))
            ;; Most texts end within sixteen bytes, which needs no call.
            (local.set $v (v128.load (local.get $at)))
            (local.set $c (i8x16.bitmask (v128.or (v128.or
              (i8x16.eq (local.get $v) (i8x16.splat (i32.const 34)))
              (i8x16.eq (local.get $v) (i8x16.splat (i32.const 92))))
              (i8x16.lt_u (local.get $v) (i8x16.splat (i32.const 32))))))
            (local.set $p (i32.add (local.get $at) (i32.ctz (local.get $c))))
            (if (i32.or (i32.eqz (local.get $c)) (i32.ne (i32.load8_u (local.get $p)) (i32.const 34))) (then
              (local.set $p (call $text (local.get $at) (local.get $end)))
              (br_if $no (i32.eqz (local.get $p)))))
            (local.set $p (i32.add (local.get $p) (i32.const 1)))
            (br_if $members (i32.eqz (local.get $kind))))
          (else
            (local.set $q (call $any (local.get $p) (local.get $end)))
            (br_if $no (i32.eqz (local.get $q)))
            (if (i32.eqz (local.get $kind)) (then
              (local.set $p (local.get $q))
              (br $members)))
            (if (i32.eq (local.get $kind) (i32.const 2))
              (then
                (local.set $n (call $whole (local.get $p) (local.get $q)))
                (br_if $no (f64.lt (local.get $n) (f64.const 0)))
                (f64.store
                  (i32.add (global.get $NUMBERS) (i32.shl (local.get $wanted) (i32.const 3)))
                  (local.get $n)))
              (else (if (i32.eq (local.get $kind) (i32.const 3))
                (then
                  (br_if $no (i32.and (i32.ne (local.get $c) (i32.const 116)) (i32.ne (local.get $c) (i32.const 102))))
                  (i32.store
                    (i32.add (global.get $OUT) (i32.shl (local.get $wanted) (i32.const 2)))
                    (i32.eq (local.get $c) (i32.const 116))))
                (else (br_if $no (i32.ne (local.get $c) (i32.const 110)))))))
            (local.set $p (local.get $q))))
        (local.set $c (i32.add (global.get $SPANS) (i32.mul (local.get $wanted) (i32.const 12))))
        (i32.store (local.get $c) (local.get $at))
        (i32.store offset=4 (local.get $c) (i32.sub (local.get $p) (i32.const 1)))
        (i32.store offset=8 (local.get $c) (local.get $kind))
        (local.set $wanted (i32.add (local.get $wanted) (i32.const 1)))
        (br $members)))
    (i32.const -1))

  ;; Of its length and of eight bytes each at its beginning, middle and end: some texts that are alike share a
  ;; set, which costs time and nothing else. 0 of the empty text, which has a place from the start.
  (func $hash (param $p i32) (param $length i32) (result i32)
    (local $h i64) (local $last i32)
    (if (i32.lt_u (local.get $length) (i32.const 8))
      (then
        (local.set $h (i64.mul
          (i64.xor (call $head (local.get $p) (local.get $length)) (i64.extend_i32_u (local.get $length)))
          (i64.const 0x9e3779b97f4a7c15))))
      (else
        (local.set $last (i32.sub (i32.add (local.get $p) (local.get $length)) (i32.const 8)))
        (local.set $h (i64.add
          (i64.mul
            (i64.xor (i64.load (local.get $p)) (i64.extend_i32_u (local.get $length)))
            (i64.const 0x9e3779b97f4a7c15))
          (i64.mul (i64.load (local.get $last)) (i64.const 0xbf58476d1ce4e5b9))))
        (if (i32.gt_u (local.get $length) (i32.const 16)) (then
          (local.set $h (i64.add (local.get $h) (i64.add
            (i64.add
              (i64.mul (i64.load offset=8 (local.get $p)) (i64.const 0x94d049bb133111eb))
              (i64.mul (i64.load (i32.sub (local.get $last) (i32.const 8))) (i64.const 0xd6e8feb86659fd93)))
            (i64.mul
              (i64.load (i32.add (local.get $p) (i32.shr_u (i32.sub (local.get $length) (i32.const 8)) (i32.const 1))))
              (i64.const 0xa0761d6478bd642f)))))))))
    (local.set $h (i64.mul
      (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 32)))
      (i64.const 0x9e3779b97f4a7c15)))
    (i32.wrap_i64 (i64.shr_u (local.get $h) (i64.const 32))))

  ;; The first bytes, less than eight.
  (func $head (param $p i32) (param $length i32) (result i64)
    (i64.and (i64.load (local.get $p))
      (i64.sub (i64.shl (i64.const 1) (i64.extend_i32_u (i32.shl (local.get $length) (i32.const 3)))) (i64.const 1))))

  (func $equal (param $p i32) (param $q i32) (param $length i32) (result i32)
    (local $end i32)
    (if (i32.lt_u (local.get $length) (i32.const 8)) (then
      (return (i64.eq
        (call $head (local.get $p) (local.get $length))
        (call $head (local.get $q) (local.get $length))))))
    (if (i32.lt_u (local.get $length) (i32.const 16)) (then
      (local.set $end (i32.sub (local.get $length) (i32.const 8)))
      (return (i64.eqz (i64.or
        (i64.xor (i64.load (local.get $p)) (i64.load (local.get $q)))
        (i64.xor
          (i64.load (i32.add (local.get $p) (local.get $end)))
          (i64.load (i32.add (local.get $q) (local.get $end)))))))))
    (local.set $end (i32.sub (i32.add (local.get $p) (local.get $length)) (i32.const 16)))
    (loop $more
      (if (v128.any_true (v128.xor (v128.load (local.get $p)) (v128.load (local.get $q)))) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (local.set $q (i32.add (local.get $q) (i32.const 16)))
      (br_if $more (i32.lt_u (local.get $p) (local.get $end))))
    (i32.eqz (v128.any_true (v128.xor
      (v128.load (local.get $end))
      (v128.load (i32.sub (local.get $q) (i32.sub (local.get $p) (local.get $end))))))))

  ;; Place of a short text, which it is given if it has none: that of the set which was not asked for the
  ;; longest. -1 when this line needs all of them.
  (func $place (param $p i32) (param $length i32) (result i32)
    (local $hash i32) (local $first i32) (local $set i32) (local $bits i32) (local $way i32) (local $oldest i32) (local $age i32) (local $most i32)
    (local.set $hash (call $hash (local.get $p) (local.get $length)))
    (local.set $first (i32.and (local.get $hash) (i32.sub (global.get $PLACES) (i32.const 4))))
    (local.set $set (i32.add (global.get $SETS) (i32.shl (local.get $first) (i32.const 4))))
    (local.set $bits (i32x4.bitmask (i32x4.eq (v128.load (local.get $set)) (i32x4.splat (local.get $hash)))))
    (block $new
      (loop $same
        (br_if $new (i32.eqz (local.get $bits)))
        (local.set $way (i32.ctz (local.get $bits)))
        (local.set $bits (i32.and (local.get $bits) (i32.sub (local.get $bits) (i32.const 1))))
        (local.set $oldest (i32.add (local.get $set) (i32.shl (local.get $way) (i32.const 2))))
        (br_if $same (i32.ne (i32.load offset=16 (local.get $oldest)) (local.get $length)))
        (br_if $same (i32.eqz (call $equal
          (local.get $p)
          (i32.add (global.get $TEXTS) (i32.mul (i32.add (local.get $first) (local.get $way)) (global.get $SHORT)))
          (local.get $length))))
        (i32.store offset=32 (local.get $oldest) (global.get $line))
        (return (i32.add (local.get $first) (local.get $way)))))
    (local.set $way (i32.const 0))
    (loop $ways
      (local.set $age (i32.sub (global.get $line)
        (i32.load offset=32 (i32.add (local.get $set) (i32.shl (local.get $way) (i32.const 2))))))
      (if (i32.gt_u (local.get $age) (local.get $most)) (then
        (local.set $most (local.get $age))
        (local.set $oldest (local.get $way))))
      (local.set $way (i32.add (local.get $way) (i32.const 1)))
      (br_if $ways (i32.lt_u (local.get $way) (i32.const 4))))
    (if (i32.eqz (local.get $most)) (then (return (i32.const -1))))
    (local.set $set (i32.add (local.get $set) (i32.shl (local.get $oldest) (i32.const 2))))
    (i32.store (local.get $set) (local.get $hash))
    (i32.store offset=16 (local.get $set) (local.get $length))
    (i32.store offset=32 (local.get $set) (global.get $line))
    (local.set $way (i32.add (local.get $first) (local.get $oldest)))
    (local.set $set (i32.add (global.get $TEXTS) (i32.mul (local.get $way) (global.get $SHORT))))
    (loop $bytes
      (v128.store (local.get $set) (v128.load (local.get $p)))
      (local.set $set (i32.add (local.get $set) (i32.const 16)))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (local.set $length (i32.sub (local.get $length) (i32.const 16)))
      (br_if $bytes (i32.gt_s (local.get $length) (i32.const 0))))
    (local.set $set (i32.load (global.get $COUNTS)))
    (i32.store (i32.add (global.get $NEWS) (i32.shl (local.get $set) (i32.const 2))) (local.get $way))
    (i32.store (global.get $COUNTS) (i32.add (local.get $set) (i32.const 1)))
    (local.get $way))

  ;; Two digits as a number below the limit; what is none has its highest bit set.
  (func $pair (param $p i32) (param $limit i32) (result i32)
    (local $tens i32) (local $ones i32) (local $n i32)
    (local.set $tens (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)))
    (local.set $ones (i32.sub (i32.load8_u offset=1 (local.get $p)) (i32.const 48)))
    (local.set $n (i32.add (i32.mul (local.get $tens) (i32.const 10)) (local.get $ones)))
    (select (local.get $n) (i32.const -1)
      (i32.and
        (i32.and (i32.lt_u (local.get $tens) (i32.const 10)) (i32.lt_u (local.get $ones) (i32.const 10)))
        (i32.lt_u (local.get $n) (local.get $limit)))))

  ;; Second of the day of a time that has its date and its offset in common with DAY; -1 of any other text.
  (func $second (param $p i32) (param $length i32) (result i32)
    (local $hour i32) (local $minute i32) (local $second i32)
    (if (i32.ne (local.get $length) (i32.const 24)) (then (return (i32.const -1))))
    (if (v128.any_true (v128.or
        (v128.and
          (v128.xor (v128.load (local.get $p)) (v128.load (global.get $DAY)))
          (v128.const i8x16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 0 0 -1 0 0))
        (v128.and
          (v128.xor (v128.load offset=8 (local.get $p)) (v128.load offset=8 (global.get $DAY)))
          (v128.const i8x16 -1 -1 -1 0 0 -1 0 0 -1 0 0 -1 -1 -1 -1 -1))))
      (then (return (i32.const -1))))
    (local.set $hour (call $pair (i32.add (local.get $p) (i32.const 11)) (i32.const 24)))
    (local.set $minute (call $pair (i32.add (local.get $p) (i32.const 14)) (i32.const 60)))
    (local.set $second (call $pair (i32.add (local.get $p) (i32.const 17)) (i32.const 60)))
    (if (i32.lt_s (i32.or (i32.or (local.get $hour) (local.get $minute)) (local.get $second)) (i32.const 0))
      (then (return (i32.const -1))))
    (i32.add
      (i32.mul (i32.add (i32.mul (local.get $hour) (i32.const 60)) (local.get $minute)) (i32.const 60))
      (local.get $second)))

  ;; Which of the first programs of ORDER the line from `start` to `end` has the shape of; -1: none. OUT says
  ;; where its texts are.
  (func (export "scan") (param $programs i32) (param $start i32) (param $end i32) (result i32)
    (local $found i32)
    (local $wanted i32) (local $i i32) (local $span i32) (local $from i32) (local $length i32) (local $kind i32)
    (local $place i32) (local $at i32) (local $long i32)
    (loop $programs
      (if (i32.ge_u (local.get $found) (local.get $programs)) (then (return (i32.const -1))))
      (local.set $wanted (call $match
        (i32.load (i32.add (global.get $ORDER) (i32.shl (local.get $found) (i32.const 2))))
        (local.get $start)
        (local.get $end)))
      (if (i32.lt_s (local.get $wanted) (i32.const 0)) (then
        (local.set $found (i32.add (local.get $found) (i32.const 1)))
        (br $programs))))
    (global.set $line (i32.add (global.get $line) (i32.const 1)))
    (i64.store (global.get $COUNTS) (i64.const 0))
    (i32.store offset=8 (global.get $COUNTS) (global.get $escapes))
    (global.set $escapes (i32.const 0))
    (local.set $span (global.get $SPANS))
    (block $done
      (loop $values
        (br_if $done (i32.ge_u (local.get $i) (local.get $wanted)))
        (local.set $kind (i32.load offset=8 (local.get $span)))
        (local.set $from (i32.load (local.get $span)))
        (local.set $length (i32.sub (i32.load offset=4 (local.get $span)) (local.get $from)))
        (local.set $at (i32.add (global.get $OUT) (i32.shl (local.get $i) (i32.const 2))))
        (if (i32.eq (local.get $kind) (i32.const 1)) (then
          (if (i32.eqz (local.get $from))
            (then (local.set $place (global.get $PLACES)))
            (else
              (local.set $place (i32.const -1))
              (if (i32.le_u (local.get $length) (global.get $SHORT))
                (then (local.set $place (call $place (local.get $from) (local.get $length)))))
              (if (i32.lt_s (local.get $place) (i32.const 0)) (then
                ;; The places behind that of null are for what has none.
                (local.set $place (i32.add (i32.add (global.get $PLACES) (i32.const 1)) (local.get $i)))
                (local.set $long (i32.load offset=4 (global.get $COUNTS)))
                (i32.store offset=4 (global.get $COUNTS) (i32.add (local.get $long) (i32.const 1)))
                (local.set $long (i32.add (global.get $LONGS) (i32.mul (local.get $long) (i32.const 12))))
                (i32.store (local.get $long) (local.get $place))
                (i32.store offset=4 (local.get $long) (local.get $from))
                (i32.store offset=8 (local.get $long) (i32.load offset=4 (local.get $span)))))))
          (i32.store (local.get $at) (local.get $place))))
        (if (i32.eq (local.get $kind) (i32.const 4)) (then
          (i32.store (local.get $at) (call $second (local.get $from) (local.get $length)))))
        (local.set $span (i32.add (local.get $span) (i32.const 12)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $values)))
    (local.get $found)))
