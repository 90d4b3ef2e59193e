#include "CSimdjson.h"
#include "Tape.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <simdjson.h>

// Above this the buffers of a parser are given back after use: a document takes about 14 times its size.
static constexpr size_t kept_capacity = size_t(4) << 20;

struct amiwatch_json_parser {
    simdjson::dom::parser *parser = nullptr;
    // The text, its padding, and as much room again for texts without their escapes.
    uint8_t *buffer = nullptr;
    // Of each of the two.
    size_t capacity = 0;
    size_t max_depth = 0;
    // What is written without simdjson's second stage.
    uint64_t *tape = nullptr;
    size_t tape_words = 0;
    uint32_t *opens = nullptr;
};

static bool renew(amiwatch_json_parser *self) {
    delete self->parser;
    self->parser = new (std::nothrow) simdjson::dom::parser();
    // simdjson counts an opening bracket as too deep when it reaches the maximum.
    return self->parser != nullptr && self->parser->allocate(64 * 1024, self->max_depth + 1) == simdjson::SUCCESS;
}

static uint8_t *new_buffer(size_t capacity) { return static_cast<uint8_t *>(std::malloc(2 * capacity)); }

static void replace_buffer(amiwatch_json_parser *self, uint8_t *buffer, size_t capacity) {
    std::free(self->buffer);
    self->buffer = buffer;
    self->capacity = buffer == nullptr ? 0 : capacity;
}

static bool reserve(amiwatch_json_parser *self, size_t length) {
    size_t wanted = length + simdjson::SIMDJSON_PADDING;
    if (self->capacity >= wanted && (self->capacity <= kept_capacity || wanted > kept_capacity)) return true;
    size_t capacity = wanted < 64 * 1024 ? 64 * 1024 : wanted + wanted / 4;
    replace_buffer(self, new_buffer(capacity), capacity);
    return self->buffer != nullptr;
}

using amiwatch::is_digit;

// The length of a JSON number (RFC 8259, section 6), 0 when there is none; `is_large` when it may not fit 64 bits.
static size_t number_length(const uint8_t *at, const uint8_t *end, bool &is_large) {
    const uint8_t *start = at;
    if (at < end && *at == '-') at += 1;
    const uint8_t *whole = at;
    while (at < end && is_digit(*at)) at += 1;
    if (at == whole || (*whole == '0' && at - whole > 1)) return 0;
    is_large = at - whole > 18;
    if (at < end && *at == '.') {
        const uint8_t *fraction = at += 1;
        while (at < end && is_digit(*at)) at += 1;
        if (at == fraction) return 0;
    }
    if (at < end && (*at | 0x20) == 'e') {
        at += 1;
        if (at < end && (*at == '+' || *at == '-')) at += 1;
        const uint8_t *exponent = at;
        while (at < end && is_digit(*at)) at += 1;
        if (at == exponent) return 0;
        is_large = true;
    }
    return size_t(at - start);
}

// Puts 0 in the place of sound numbers that may not fit 64 bits: simdjson refuses them, but a field that nobody
// reads must not make a record unreadable. Whether there were any.
static bool replace_large_numbers(uint8_t *bytes, size_t length) {
    bool replaced = false, in_string = false;
    const uint8_t *end = bytes + length;
    for (uint8_t *at = bytes; at < end; at += 1) {
        if (*at == '\\' && in_string) {
            at += 1;
        } else if (*at == '"') {
            in_string = !in_string;
        } else if (!in_string && (is_digit(*at) || *at == '-')) {
            bool is_large = false;
            size_t count = number_length(at, end, is_large);
            if (count == 0) return false;
            if (is_large) {
                std::memset(at, ' ', count);
                *at = '0';
                replaced = true;
            }
            at += count - 1;
        }
    }
    return replaced;
}

static int hex_digit(uint8_t byte) {
    if (is_digit(byte)) return byte - '0';
    uint8_t letter = byte | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// The UTF-16 unit that a `u` escape at `at` names, -1 when there is no such escape.
static int escaped_unit(const uint8_t *at, const uint8_t *end) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    int unit = 0;
    for (int place = 2; place < 6; place += 1) {
        int digit = hex_digit(at[place]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
static bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Copies a text with what simdjson refuses in strings, but other writers let through: half of a surrogate pair becomes
// U+FFFD, and control characters are escaped, which takes five bytes more for each. Gives the new length.
static size_t mend_strings(const uint8_t *bytes, size_t length, uint8_t *to) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = bytes, *end = bytes + length;
    uint8_t *start = to;
    bool in_string = false;
    while (at < end) {
        if (in_string && *at == '\\') {
            int unit = escaped_unit(at, end);
            bool is_pair = is_high_surrogate(unit) && is_low_surrogate(escaped_unit(at + 6, end));
            bool is_half = !is_pair && (is_high_surrogate(unit) || is_low_surrogate(unit));
            size_t count = is_pair ? 12 : unit >= 0 ? 6 : end - at > 1 ? 2 : 1;
            std::memcpy(to, is_half ? reinterpret_cast<const uint8_t *>("\\ufffd") : at, count);
            to += count;
            at += count;
        } else if (in_string && *at < 0x20) {
            const uint8_t escape[] = {'\\', 'u', '0', '0', uint8_t(digits[*at >> 4]), uint8_t(digits[*at & 15])};
            std::memcpy(to, escape, sizeof escape);
            to += sizeof escape;
            at += 1;
        } else {
            if (*at == '"') in_string = !in_string;
            *to++ = *at++;
        }
    }
    return size_t(to - start);
}

// Puts the text with mended strings in the place of the one in the buffer. False when memory is short.
static bool mend(amiwatch_json_parser *self, size_t &length) {
    size_t controls = 0;
    for (size_t at = 0; at < length; at += 1) controls += self->buffer[at] < 0x20;
    size_t capacity = length + 5 * controls + simdjson::SIMDJSON_PADDING;
    uint8_t *mended = new_buffer(capacity);
    if (mended == nullptr) return false;
    length = mend_strings(self->buffer, length, mended);
    std::memset(mended + length, 0, simdjson::SIMDJSON_PADDING);
    replace_buffer(self, mended, capacity);
    return true;
}

amiwatch_json_parser *amiwatch_json_new(size_t max_depth) {
    auto self = new (std::nothrow) amiwatch_json_parser();
    if (self == nullptr) return nullptr;
    self->max_depth = max_depth;
    self->opens = static_cast<uint32_t *>(std::malloc(max_depth * sizeof(uint32_t)));
    if (self->opens != nullptr && renew(self) && reserve(self, 0)) return self;
    amiwatch_json_free(self);
    return nullptr;
}

void amiwatch_json_free(amiwatch_json_parser *self) {
    if (self == nullptr) return;
    delete self->parser;
    replace_buffer(self, nullptr, 0);
    std::free(self->tape);
    std::free(self->opens);
    delete self;
}

// Room for the tape of a text; false when memory is short.
static bool reserve_tape(amiwatch_json_parser *self, size_t length) {
    size_t words = length + 4;
    if (self->tape_words >= words) return true;
    words = words < 64 * 1024 ? 64 * 1024 : words + words / 4;
    std::free(self->tape);
    self->tape = static_cast<uint64_t *>(std::malloc(words * sizeof(uint64_t)));
    self->tape_words = self->tape == nullptr ? 0 : words;
    return self->tape != nullptr;
}

static void copy(amiwatch_json_parser *self, const uint8_t *bytes, size_t length) {
    std::memcpy(self->buffer, bytes, length);
    std::memset(self->buffer + length, 0, simdjson::SIMDJSON_PADDING);
}

// Parses a text of the usual kind; false when it needs a closer look. Where it has no escapes its strings are used where
// they stand.
static bool parse_usual(amiwatch_json_parser *self, const uint8_t *bytes, size_t length,
                        amiwatch_json_document *document) {
    auto &parser = *self->parser;
    if (length > kept_capacity || !reserve_tape(self, length)) return false;
    if (parser.capacity() < length) {
        size_t capacity = 2 * length < kept_capacity ? 2 * length : kept_capacity;
        if (parser.allocate(capacity, self->max_depth + 1) != simdjson::SUCCESS) return false;
    }
    auto &stage = *parser.implementation;
    // It copies what remains behind the last whole block, and so reads nothing behind the text.
    if (stage.stage1(bytes, length, simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
    uint8_t *unescaped = nullptr;
    if (std::memchr(bytes, '\\', length) != nullptr) {
        copy(self, bytes, length);
        bytes = self->buffer;
        unescaped = self->buffer + length + simdjson::SIMDJSON_PADDING;
    }
    amiwatch::Text text{bytes, bytes + length};
    if (!amiwatch::write_tape(stage, text, self->tape, self->opens, self->max_depth, unescaped)) return false;
    document->tape = self->tape;
    document->strings = bytes;
    return true;
}

amiwatch_json_status amiwatch_json_parse(amiwatch_json_parser *self, const uint8_t *bytes, size_t length,
                                         amiwatch_json_document *document) {
    if (length == 0) return AMIWATCH_JSON_EMPTY;
    if (self->parser == nullptr || (self->parser->capacity() > kept_capacity && length <= kept_capacity)) {
        if (!renew(self)) return AMIWATCH_JSON_OUT_OF_MEMORY;
    }
    if (!reserve(self, length)) return AMIWATCH_JSON_OUT_OF_MEMORY;
    if (parse_usual(self, bytes, length, document)) return AMIWATCH_JSON_OK;
    copy(self, bytes, length);
    simdjson::dom::element root;
    auto error = self->parser->parse(self->buffer, length, false).get(root);
    for (bool mended = false, replaced = false; error != simdjson::SUCCESS;) {
        if (!mended && (error == simdjson::STRING_ERROR || error == simdjson::UNESCAPED_CHARS)) {
            mended = true;
            if (!mend(self, length)) return AMIWATCH_JSON_OUT_OF_MEMORY;
        } else if (!replaced && error == simdjson::NUMBER_ERROR && replace_large_numbers(self->buffer, length)) {
            replaced = true;
        } else {
            break;
        }
        error = self->parser->parse(self->buffer, length, false).get(root);
    }
    switch (error) {
    case simdjson::SUCCESS: break;
    case simdjson::DEPTH_ERROR: return AMIWATCH_JSON_TOO_DEEP;
    case simdjson::UTF8_ERROR: return AMIWATCH_JSON_INVALID_UTF8;
    case simdjson::NUMBER_ERROR: return AMIWATCH_JSON_NUMBER;
    case simdjson::EMPTY: return AMIWATCH_JSON_EMPTY;
    case simdjson::MEMALLOC: return AMIWATCH_JSON_OUT_OF_MEMORY;
    default: return AMIWATCH_JSON_MALFORMED;
    }
    document->tape = self->parser->doc.tape.get();
    document->strings = self->parser->doc.string_buf.get();
    return AMIWATCH_JSON_OK;
}

const char *amiwatch_json_text(amiwatch_json_status status) {
    switch (status) {
    case AMIWATCH_JSON_OK: return "sound JSON";
    case AMIWATCH_JSON_TOO_DEEP: return "JSON nested too deep";
    case AMIWATCH_JSON_INVALID_UTF8: return "not UTF-8";
    case AMIWATCH_JSON_NUMBER: return "a malformed number";
    case AMIWATCH_JSON_EMPTY: return "no JSON value";
    case AMIWATCH_JSON_OUT_OF_MEMORY: return "out of memory";
    case AMIWATCH_JSON_MALFORMED: break;
    }
    return "not JSON";
}
