// Writing the tape of a sound document from what simdjson's first stage finds: no text is copied.
#pragma once

#include <cstdint>
#include <cstring>
#include <simdjson.h>

namespace amiwatch {

inline bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

// Where a tape is written: held in registers while a document is read.
struct Tape {
    uint64_t *start, *to;

    void put(uint8_t tag, uint64_t payload) { *to++ = uint64_t(tag) << 56 | payload; }
};

// What a token is read from: text, and where its tokens begin: brackets, colons, commas, opening quotes, the first byte
// of anything else.
struct Text {
    const uint8_t *bytes, *end;
};

inline bool ends_scalar(uint8_t byte) {
    return byte == ',' || byte == '}' || byte == ']' || byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

inline bool put_word(Text text, uint32_t at, const char *word, size_t count, Tape &tape) {
    const uint8_t *start = text.bytes + at;
    if (size_t(text.end - start) <= count) return false;
    if (std::memcmp(start, word, count) != 0 || !ends_scalar(start[count])) return false;
    tape.put(*start, 0);
    return true;
}

// A whole number that certainly fits 64 bits. Behind it stands a bracket at least.
inline bool put_integer(Text text, uint32_t at, Tape &tape) {
    const uint8_t *start = text.bytes + at;
    bool is_negative = *start == '-';
    const uint8_t *digits = start + is_negative, *behind = digits;
    uint64_t value = 0;
    while (is_digit(*behind)) value = value * 10 + (*behind++ - '0');
    size_t count = size_t(behind - digits);
    if (count == 0 || count > 18 || (*digits == '0' && count > 1) || !ends_scalar(*behind)) return false;
    tape.put('l', 0);
    *tape.to++ = is_negative ? ~value + 1 : value;
    return true;
}

inline bool put_scalar(Text text, uint32_t at, Tape &tape) {
    switch (text.bytes[at]) {
    case 't': return put_word(text, at, "true", 4, tape);
    case 'f': return put_word(text, at, "false", 5, tape);
    case 'n': return put_word(text, at, "null", 4, tape);
    default: return put_integer(text, at, tape);
    }
}

// Puts strings on a tape where they stand, or without their escapes.
class Strings {
  public:
    // `unescaped` has room for all texts with escapes, and a padding; null when there is no backslash.
    Strings(const simdjson::internal::dom_parser_implementation &stage, Text text, uint8_t *unescaped)
        : stage(stage), unescaped(unescaped), backslash(unescaped == nullptr ? text.end : find(text, text.bytes)) {}

    // A string that begins at a quote, and ends at the last quote before the next token.
    bool put(Text text, uint32_t quote, uint32_t next, Tape &tape) {
        uint32_t closing = next - 1;
        while (closing > quote && text.bytes[closing] != '"') closing -= 1;
        if (closing <= quote) return false;
        if (text.bytes + closing > backslash) return put_unescaped(text, quote, closing, tape);
        tape.put('\'', uint64_t(closing - quote - 1) << 28 | (quote + 1));
        return true;
    }

  private:
    const simdjson::internal::dom_parser_implementation &stage;
    uint8_t *unescaped;
    // The first one from here on; behind the text when there is none.
    const uint8_t *backslash;

    static const uint8_t *find(Text text, const uint8_t *from) {
        const void *found = std::memchr(from, '\\', size_t(text.end - from));
        return found == nullptr ? text.end : static_cast<const uint8_t *>(found);
    }

    bool __attribute__((noinline)) put_unescaped(Text text, uint32_t quote, uint32_t closing, Tape &tape) {
        uint8_t *behind = stage.parse_string(text.bytes + quote + 1, unescaped);
        if (behind == nullptr) return false;
        tape.put('\'', uint64_t(behind - unescaped) << 28 | uint64_t(unescaped - text.bytes));
        unescaped = behind;
        backslash = find(text, text.bytes + closing);
        return true;
    }
};

// Writes the tape of one document, which the first stage has found to be UTF-8 with every string closed.
//
// It takes what is usual, one object or list, and leaves the rest to simdjson's second stage: false means "look closer".
// What it takes is what that one takes, with the same values. It reads no byte behind the text, and however the text
// changes meanwhile, none before it. The tape has room for 4 words more than the text has bytes, `opens` for one number
// a level. Unless there is a backslash, the text needs no padding and `unescaped` is null.
inline bool write_tape(simdjson::internal::dom_parser_implementation &stage, Text text, uint64_t *words,
                       uint32_t *opens, size_t max_depth, uint8_t *unescaped) {
    const uint32_t *next = stage.structural_indexes.get(), *end = next + stage.n_structural_indexes;
    const uint8_t *bytes = text.bytes;
    // So that behind the last token, which is a closing bracket, an opening one seems to stand, and nothing is read there.
    if (next == end || (bytes[end[-1]] != '}' && bytes[end[-1]] != ']')) return false;
    stage.structural_indexes[stage.n_structural_indexes] = *next;

    Strings strings(stage, text, unescaped);
    Tape tape{words, words + 1};
    size_t depth = 0;
    auto open = [&](uint8_t bracket) {
        if (depth == max_depth) return false;
        opens[depth++] = uint32_t(tape.to - tape.start);
        tape.put(bracket, 0);
        return true;
    };
    auto close = [&](uint8_t bracket, uint8_t closing) {
        uint32_t start = opens[--depth];
        tape.put(closing, start);
        tape.start[start] = uint64_t(bracket) << 56 | uint64_t(tape.to - tape.start);
    };

    uint32_t at = *next++;
    if (bytes[at] == '{') goto object;
    if (bytes[at] == '[') goto array;
    return false;

object:
    if (!open('{')) return false;
    if (bytes[*next] == '}') {
        next += 1;
        goto end_of_object;
    }
member:
    at = *next++;
    if (bytes[at] != '"' || bytes[*next] != ':' || !strings.put(text, at, *next, tape)) return false;
    at = next[1];
    next += 2;
    switch (bytes[at]) {
    case '"':
        if (!strings.put(text, at, *next, tape)) return false;
        break;
    case '{': goto object;
    case '[': goto array;
    default:
        if (!put_scalar(text, at, tape)) return false;
    }
behind_member:
    at = *next++;
    if (bytes[at] == ',') goto member;
    if (bytes[at] != '}') return false;
end_of_object:
    close('{', '}');
    goto behind;

array:
    if (!open('[')) return false;
    if (bytes[*next] == ']') {
        next += 1;
        goto end_of_array;
    }
element:
    at = *next++;
    switch (bytes[at]) {
    case '"':
        if (!strings.put(text, at, *next, tape)) return false;
        break;
    case '{': goto object;
    case '[': goto array;
    default:
        if (!put_scalar(text, at, tape)) return false;
    }
behind_element:
    at = *next++;
    if (bytes[at] == ',') goto element;
    if (bytes[at] != ']') return false;
end_of_array:
    close('[', ']');

behind:
    if (depth == 0) return next == end;
    if (words[opens[depth - 1]] >> 56 == '{') goto behind_member;
    goto behind_element;
}

}  // namespace amiwatch
