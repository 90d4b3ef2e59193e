#include "CPrefilter.h"
#include "Names.h"
#include <stdlib.h>

amiwatch_simd amiwatch_best_simd(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("popcnt") &&
        __builtin_cpu_supports("bmi"))
        return __builtin_cpu_supports("avx512bw") ? AMIWATCH_AVX512 : AMIWATCH_AVX2;
    return AMIWATCH_SSE2;
#else
    return AMIWATCH_PORTABLE;
#endif
}

static bool add_name(amiwatch_prefilter *prefilter, uint8_t entry, const uint8_t *name, size_t length) {
    if (length == 0 || length > 63) return false;
    for (size_t at = 0; at < length; at += 1)
        if (!is_letter(name[at])) return false;
    memcpy(prefilter->names[entry], name, length);
    prefilter->lengths[entry] = (uint8_t)length;
    uint32_t slot = name_hash(name, length);
    while (prefilter->slots[slot] != 0) slot = (slot + 1) & 255;
    prefilter->slots[slot] = entry;
    return true;
}

amiwatch_prefilter *amiwatch_prefilter_new(const char *names, size_t length, amiwatch_simd simd) {
    amiwatch_prefilter *prefilter = calloc(1, sizeof *prefilter);
    if (prefilter == NULL) return NULL;
    amiwatch_simd best = amiwatch_best_simd();
    prefilter->simd = simd < best ? simd : best;
    uint8_t entry = 1;
    for (size_t start = 0; start < length; entry += 1) {
        const char *end = memchr(names + start, '\n', length - start);
        size_t size = end == NULL ? length - start : (size_t)(end - names) - start;
        if (entry > 127 || !add_name(prefilter, entry, (const uint8_t *)names + start, size)) {
            free(prefilter);
            return NULL;
        }
        start += size + 1;
    }
    return prefilter;
}

void amiwatch_prefilter_free(amiwatch_prefilter *prefilter) { free(prefilter); }

static amiwatch_names scan_names(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length) {
    switch (prefilter->simd) {
#if defined(__x86_64__)
    case AMIWATCH_AVX512: return amiwatch_scan_names_avx512(prefilter, bytes, length);
    case AMIWATCH_AVX2: return amiwatch_scan_names_avx2(prefilter, bytes, length);
    case AMIWATCH_SSE2: return amiwatch_scan_names_sse2(prefilter, bytes, length);
#endif
    default: return amiwatch_scan_names_portable(prefilter, bytes, length);
    }
}

amiwatch_names amiwatch_scan_names(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length) {
    if (is_inventory(bytes, length)) return (amiwatch_names){.suspicious = true};
    amiwatch_names names = scan_names(prefilter, bytes, length);
    names.one_other_call = is_one_other_call(&names, bytes, length);
    return names;
}

// Whether the object that a message begins with is all of it but for white space.
static bool is_one_value(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length, size_t end) {
    amiwatch_extent extent = amiwatch_value_extent(prefilter, bytes, length, 0);
    return extent.closed && extent.end == end;
}

amiwatch_glance amiwatch_look(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length) {
    // A list, or a `Records` document, holds many records: they are cut apart and counted instead.
    if (length < 4 || bytes[0] != '{' || memcmp(bytes + 1, "\"R", 2) == 0) return AMIWATCH_UNKNOWN;
    amiwatch_names names = amiwatch_scan_names(prefilter, bytes, length);
    if (names.suspicious) return AMIWATCH_SUSPICIOUS;
    if (!names.one_other_call || names.plain != 1) return AMIWATCH_UNKNOWN;
    // Only now: the end is in the cache by now, and would have been waited for before the scan.
    size_t last = length - 1;
    while (last > 0 && (bytes[last] == ' ' || bytes[last] == '\n' || bytes[last] == '\r' || bytes[last] == '\t'))
        last -= 1;
    if (bytes[last] != '}') return AMIWATCH_UNKNOWN;
    // A value before or behind that of the name could hide a record in base64, or be an inventory.
    if (names.may_be_several && !is_one_value(prefilter, bytes, length, last + 1)) return AMIWATCH_UNKNOWN;
    return AMIWATCH_IGNORABLE;
}

bool amiwatch_ignorable(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length) {
    return amiwatch_look(prefilter, bytes, length) == AMIWATCH_IGNORABLE;
}

amiwatch_extent amiwatch_value_extent(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length,
                                      size_t start) {
    if (start >= length) return (amiwatch_extent){.end = length, .closed = false};
    if (bytes[start] != '{' && bytes[start] != '[')
        return amiwatch_value_extent_portable(bytes, length, start);
    switch (prefilter->simd) {
#if defined(__x86_64__)
    case AMIWATCH_AVX512: return amiwatch_value_extent_avx512(bytes, length, start);
    case AMIWATCH_AVX2: return amiwatch_value_extent_avx2(bytes, length, start);
    case AMIWATCH_SSE2: return amiwatch_value_extent_sse2(bytes, length, start);
#endif
    default: return amiwatch_value_extent_portable(bytes, length, start);
    }
}

amiwatch_run amiwatch_ignorable_members(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length,
                                        size_t start, size_t maximum) {
    if (maximum == 0) return (amiwatch_run){.end = start};
    switch (prefilter->simd) {
#if defined(__x86_64__)
    case AMIWATCH_AVX512: return amiwatch_ignorable_members_avx512(prefilter, bytes, length, start, maximum);
    case AMIWATCH_AVX2: return amiwatch_ignorable_members_avx2(prefilter, bytes, length, start, maximum);
    case AMIWATCH_SSE2: return amiwatch_ignorable_members_sse2(prefilter, bytes, length, start, maximum);
#endif
    default: return amiwatch_ignorable_members_portable(prefilter, bytes, length, start, maximum);
    }
}
