// What the vectorised scans share: reading one event name once its key was found. Not part of the module's face.
#pragma once
#include "CPrefilter.h"
#include <string.h>

struct amiwatch_prefilter {
    amiwatch_simd simd;
    uint8_t slots[256];  // index into the two below, 0 = free
    uint8_t lengths[128];
    char names[128][64];
};

static inline bool is_letter(uint8_t byte) { return (uint8_t)((byte | 0x20) - 'a') < 26; }

static const uint8_t usual_key[16] = "\"eventName\":\"";
static const uint8_t usual_source_key[16] = "\"eventSource\":";
static const uint8_t usual_source_end[17] = ".amazonaws.com\",";

static inline uint32_t name_hash(const uint8_t *name, size_t length) {
    uint32_t mixed = (uint32_t)length | (uint32_t)name[0] << 8 | (uint32_t)name[length - 1] << 16 |
                     (uint32_t)name[length / 2] << 24;
    return mixed * 0x9E3779B1u >> 24;
}

static inline bool is_watched(const amiwatch_prefilter *prefilter, const uint8_t *name, size_t length) {
    for (uint32_t slot = name_hash(name, length);; slot = (slot + 1) & 255) {
        uint8_t entry = prefilter->slots[slot];
        if (entry == 0) return false;
        if (prefilter->lengths[entry] == length && memcmp(prefilter->names[entry], name, length) == 0) return true;
    }
}

// White space, also as written inside a string: any number of backslashes before n, r or t.
static inline size_t skip_space(const uint8_t *bytes, size_t length, size_t at) {
    while (at < length) {
        uint8_t byte = bytes[at];
        if (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t') {
            at += 1;
        } else if (byte == '\\') {
            size_t behind = at + 1;
            while (behind < length && bytes[behind] == '\\') behind += 1;
            if (behind == length) return at;
            if (bytes[behind] != 'n' && bytes[behind] != 'r' && bytes[behind] != 't') return at;
            at = behind + 1;
        } else {
            return at;
        }
    }
    return at;
}

static inline size_t skip_backslashes(const uint8_t *bytes, size_t length, size_t at) {
    while (at < length && bytes[at] == '\\') at += 1;
    return at;
}

static inline bool is_source_byte(uint8_t byte) {
    return is_letter(byte) || (uint8_t)(byte - '0') < 10 || byte == '-' || byte == '.';
}

// Whether a text that ends at `end` is an event source of a service of AWS's.
static inline bool is_source_end(const uint8_t *bytes, size_t start, size_t end) {
    if (end - start > 3 && memcmp(bytes + end - 3, ".cn", 3) == 0) end -= 3;
    return end - start >= 14 && memcmp(bytes + end - 14, ".amazonaws.com", 14) == 0;
}

static inline size_t back_over(const uint8_t *bytes, size_t at, char byte) {
    while (at > 0 && bytes[at - 1] == (uint8_t)byte) at -= 1;
    return at;
}

static inline size_t back_over_space(const uint8_t *bytes, size_t at) {
    while (at > 0 && (bytes[at - 1] == ' ' || bytes[at - 1] == '\n' || bytes[at - 1] == '\r' || bytes[at - 1] == '\t'))
        at -= 1;
    return at;
}

// Whether `"eventSource":"….amazonaws.com",` stands before a key, at any level of escaping.
static inline bool is_behind_source(const uint8_t *bytes, size_t key) {
    size_t at = back_over_space(bytes, back_over(bytes, key, '\\'));
    if (at == 0 || bytes[at - 1] != ',') return false;
    at = back_over_space(bytes, at - 1);
    if (at == 0 || bytes[at - 1] != '"') return false;
    size_t end = back_over(bytes, at - 1, '\\'), start = end;
    while (start > 0 && is_source_byte(bytes[start - 1])) start -= 1;
    if (!is_source_end(bytes, start, end) || start == 0 || bytes[start - 1] != '"') return false;
    at = back_over_space(bytes, back_over(bytes, start - 1, '\\'));
    if (at == 0 || bytes[at - 1] != ':') return false;
    at = back_over_space(bytes, at - 1);
    if (at == 0 || bytes[at - 1] != '"') return false;
    at = back_over(bytes, at - 1, '\\');
    return at > 11 && memcmp(bytes + at - 11, "eventSource", 11) == 0 && bytes[at - 12] == '"';
}

// Whether an event source of AWS's follows a key that ends behind `at`: a colon and the text.
static inline bool is_source_value(const uint8_t *bytes, size_t length, size_t at) {
    at = skip_space(bytes, length, at);
    if (at == length || bytes[at] != ':') return false;
    at = skip_backslashes(bytes, length, skip_space(bytes, length, at + 1));
    if (at == length || bytes[at] != '"') return false;
    size_t start = at + 1, end = start;
    while (end < length && is_source_byte(bytes[end])) end += 1;
    return skip_backslashes(bytes, length, end) < length && is_source_end(bytes, start, end);
}

// Whether `,"eventSource":"….amazonaws.com"` stands behind a name that ends at `end`, at any level of escaping.
static inline bool is_before_source(const uint8_t *bytes, size_t length, size_t end) {
    size_t at = skip_backslashes(bytes, length, end);
    if (at == length || bytes[at] != '"') return false;
    at = skip_space(bytes, length, at + 1);
    if (at == length || bytes[at] != ',') return false;
    at = skip_backslashes(bytes, length, skip_space(bytes, length, at + 1));
    if (length - at < 13 || memcmp(bytes + at, "\"eventSource", 12) != 0) return false;
    at = skip_backslashes(bytes, length, at + 12);
    return at < length && bytes[at] == '"' && is_source_value(bytes, length, at + 1);
}

// Whether two keys, of which the first begins at `from` and the second at `to`, stand in one object.
static inline bool are_in_one_object(const uint8_t *bytes, size_t from, size_t to) {
    size_t depth = 0;
    for (size_t at = from; at < to; at += 1) {
        switch (bytes[at]) {
        case '{': case '[': depth += 1; break;
        case '}': case ']':
            if (depth == 0) return false;
            depth -= 1;
            break;
        case '"':
            at += 1;
            while (at < to && bytes[at] != '"') at += bytes[at] == '\\' ? 2 : 1;
            if (at >= to) return false;  // the second one stands in a string
            break;
        default: break;
        }
    }
    return depth == 0;
}

// Whether the object in which a key stands has an event source of AWS's, before it or behind it.
static inline bool has_source_beside(const uint8_t *bytes, size_t length, size_t key) {
    const uint8_t *end = bytes + length, *next = bytes;
    // One is usual; each may cost a walk to it.
    for (int tries = 0; tries < 16;) {
        const uint8_t *found = memchr(next, 'S', (size_t)(end - next));
        if (found == NULL) return false;
        next = found + 1;
        if (found - bytes < 6 || end - found < 7 || memcmp(found - 6, "\"eventSource\"", 13) != 0) continue;
        tries += 1;
        size_t source = (size_t)(found - 6 - bytes);
        if (!is_source_value(bytes, length, source + 13)) continue;
        if (source < key ? are_in_one_object(bytes, source, key) : are_in_one_object(bytes, key, source)) return true;
    }
    return false;
}

// Counts a name of another call.
static inline void count_name(const uint8_t *bytes, size_t length, size_t key, size_t end, bool escaped,
                              amiwatch_names *found) {
    if (escaped) found->escaped += 1;
    else found->plain += 1;
    if (is_behind_source(bytes, key) || is_before_source(bytes, length, end)) found->sourced += 1;
    else found->unsourced = key;
}

// Whether what was found is one record of another call.
static inline bool is_one_other_call(const amiwatch_names *found, const uint8_t *bytes, size_t length) {
    if (found->suspicious || found->plain + found->escaped != 1) return false;
    return found->sourced == 1 || (found->plain == 1 && has_source_beside(bytes, length, found->unsourced));
}

// Reads what follows the text `eventName` at `start`. False ends the scan: suspicious.
static inline bool read_name(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length, size_t start,
                             amiwatch_names *found) {
    if (start == 0 || bytes[start - 1] != '"') return true;  // the end of another key or of a text
    bool escaped = start >= 2 && bytes[start - 2] == '\\';
    size_t quote = skip_backslashes(bytes, length, start + 9);
    if (quote == length) return false;
    if (bytes[quote] != '"') return true;  // a longer key, or a text that goes on
    escaped |= quote != start + 9;
    size_t at = skip_space(bytes, length, quote + 1);
    if (at == length) return false;
    // A string value, or a member of a list.
    if (bytes[at] == ',' || bytes[at] == ']' || bytes[at] == '}') return true;
    if (bytes[at] != ':') return false;
    at = skip_backslashes(bytes, length, skip_space(bytes, length, at + 1));
    if (at == length || bytes[at] != '"') return false;
    size_t name = at + 1, end = name;
    while (end < length && is_letter(bytes[end])) end += 1;
    // No name at all, a cut, or an S3 notification, which is no record.
    if (end == length || end == name || bytes[end] == ':') return false;
    if (is_watched(prefilter, bytes + name, end - name)) return false;
    count_name(bytes, length, start - 1, end, escaped, found);
    return true;
}

#if defined(__SSE2__)
#include <emmintrin.h>

static inline unsigned equal_bytes(const uint8_t *bytes, __m128i wanted) {
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)bytes), wanted));
}

// `is_behind_source` in the usual spelling; false also where there is another one.
static inline bool is_behind_usual_source(const uint8_t *bytes, size_t key) {
    if (key < 64) return false;
    const uint8_t *end = bytes + key;
    if (equal_bytes(end - 16, _mm_loadu_si128((const __m128i *)usual_source_end)) != 0xFFFF) return false;
    __m128i quote = _mm_set1_epi8('"');
    unsigned quotes = equal_bytes(end - 48, quote) | equal_bytes(end - 32, quote) << 16;
    if (quotes == 0) return false;
    const uint8_t *value = end - 48 + (31 - __builtin_clz(quotes));
    unsigned same = equal_bytes(value - 14, _mm_loadu_si128((const __m128i *)usual_source_key));
    return (same & 0x3FFF) == 0x3FFF && value[-15] != '\\';
}

// The usual spelling, `"eventName":"SomeName"` with room behind it, which is counted: 1 when the name is another call's,
// 0 when it is watched or odd, -1 when this is another spelling. `at` is where the t of eventName stands.
static inline int read_usual_name(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length, size_t at,
                                  amiwatch_names *found) {
    if (at < 6 || length - at < 48) return -1;
    const uint8_t *quote = bytes + at - 5;
    __m128i key = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)quote), _mm_loadu_si128((const __m128i *)usual_key));
    if ((_mm_movemask_epi8(key) & 0x1FFF) != 0x1FFF || quote[-1] == '\\') return -1;
    const uint8_t *name = quote + 13;
    unsigned end = 0;
    for (int part = 0; part < 2; part += 1) {
        // Letters, either case: moved to the bottom of the signed range, they are below 26 from there.
        __m128i text = _mm_or_si128(_mm_loadu_si128((const __m128i *)name + part), _mm_set1_epi8(0x20));
        __m128i moved = _mm_sub_epi8(text, _mm_set1_epi8((char)('a' + 128)));
        end |= (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(moved, _mm_set1_epi8(-128 + 25))) << 16 * part;
    }
    if (end == 0) return -1;
    unsigned count = (unsigned)__builtin_ctz(end);
    if (count == 0 || name[count] == ':') return 0;
    if (is_watched(prefilter, name, count)) return 0;
    if (is_behind_usual_source(bytes, at - 5)) {
        found->plain += 1;
        found->sourced += 1;
    } else {
        count_name(bytes, length, at - 5, (size_t)(name - bytes) + count, false, found);
    }
    return 1;
}
#endif

// Looks closer at a position where a vectorised pair matched. False ends the scan: suspicious.
static inline bool inspect(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length, size_t at,
                           amiwatch_names *found) {
    switch (bytes[at]) {
    case 't':
#if defined(__SSE2__)
        switch (read_usual_name(prefilter, bytes, length, at, found)) {
        case 1: return true;
        case 0: return false;
        default: break;
        }
#endif
        if (at < 4 || length - at < 5 || memcmp(bytes + at - 4, "eventName", 9) != 0) return true;
        return read_name(prefilter, bytes, length, at - 4, found);
    case '\\': return bytes[at + 1] != 'u';
    case '_': return at < 5 || length - at < 4 || memcmp(bytes + at - 5, "class_uid", 9) != 0;
    default: return true;
    }
}

// Looks closer at every position of a mask. False ends the scan.
static inline bool inspect_all(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length, size_t base,
                               uint64_t mask, amiwatch_names *found) {
    for (; mask != 0; mask &= mask - 1) {
        if (!inspect(prefilter, bytes, length, base + (size_t)__builtin_ctzll(mask), found)) {
            found->suspicious = true;
            return false;
        }
    }
    return true;
}

// An inventory has names of its own making anywhere in its tags.
static inline bool is_inventory(const uint8_t *bytes, size_t length) {
    return length > 21 && memcmp(bytes, "{\"amiwatch.inventory\"", 21) == 0;
}

// Whether a value may end here, and another one follow. Behind a brace within one there is a comma or a closing bracket.
static inline bool is_open_end(uint8_t first, uint8_t second) {
    return (first == '}') & (second != ',') & ((second | 0x20) != '}');
}

static inline bool is_pair(uint8_t first, uint8_t second) {
    return (first == 't' && second == 'N') || (second == 'u' && (first == '\\' || first == '_'));
}

amiwatch_names amiwatch_scan_names_portable(const amiwatch_prefilter *, const uint8_t *, size_t);
amiwatch_names amiwatch_scan_names_sse2(const amiwatch_prefilter *, const uint8_t *, size_t);
amiwatch_names amiwatch_scan_names_avx2(const amiwatch_prefilter *, const uint8_t *, size_t);
amiwatch_names amiwatch_scan_names_avx512(const amiwatch_prefilter *, const uint8_t *, size_t);
amiwatch_extent amiwatch_value_extent_portable(const uint8_t *, size_t, size_t);
amiwatch_extent amiwatch_value_extent_sse2(const uint8_t *, size_t, size_t);
amiwatch_extent amiwatch_value_extent_avx2(const uint8_t *, size_t, size_t);
amiwatch_extent amiwatch_value_extent_avx512(const uint8_t *, size_t, size_t);
amiwatch_run amiwatch_ignorable_members_portable(const amiwatch_prefilter *, const uint8_t *, size_t, size_t, size_t);
amiwatch_run amiwatch_ignorable_members_sse2(const amiwatch_prefilter *, const uint8_t *, size_t, size_t, size_t);
amiwatch_run amiwatch_ignorable_members_avx2(const amiwatch_prefilter *, const uint8_t *, size_t, size_t, size_t);
amiwatch_run amiwatch_ignorable_members_avx512(const amiwatch_prefilter *, const uint8_t *, size_t, size_t, size_t);
