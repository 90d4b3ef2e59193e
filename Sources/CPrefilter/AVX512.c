// The scans with AVX-512, 64 bytes at a time: those of brackets take half of what they take with AVX2.
#if defined(__x86_64__)
#include "Members.h"
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx2,pclmul,popcnt,bmi")))

// Truth tables of three inputs.
enum { a_or_b_xor_c = 0x56, a_or_differing_b_and_c = 0xF6 };

AVX512 amiwatch_names amiwatch_scan_names_avx512(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                                 size_t length) {
    amiwatch_names found = {0};
    const __m512i t = _mm512_set1_epi8('t'), N = _mm512_set1_epi8('N'), u = _mm512_set1_epi8('u');
    const __m512i low_bits = _mm512_set1_epi8(3), underscore = _mm512_set1_epi8('_'), bit = _mm512_set1_epi8(0x20);
    const __m512i brace = _mm512_set1_epi8('}'), comma = _mm512_set1_epi8(','), one = _mm512_set1_epi8(1);
    __m512i ends = _mm512_setzero_si512();
    for (size_t at = 0; at < length; at += 64) {
        __m512i first, second;
        if (__builtin_expect(at + 65 <= length, 1)) {
            first = _mm512_loadu_si512(bytes + at);
            second = _mm512_loadu_si512(bytes + at + 1);
        } else {
            __mmask64 rest = length - at < 64 ? (1ULL << (length - at)) - 1 : ~0ULL;
            first = _mm512_maskz_loadu_epi8(rest, bytes + at);
            second = _mm512_mask_loadu_epi8(comma, rest >> 1, bytes + at + 1);
        }
        // Each is 0 where its pair begins. A backslash becomes an underscore (and so do ] and ^, which `inspect` turns
        // down).
        __m512i name = _mm512_ternarylogic_epi64(_mm512_xor_si512(first, t), second, N, a_or_differing_b_and_c);
        __m512i hidden = _mm512_ternarylogic_epi64(first, low_bits, underscore, a_or_b_xor_c);
        hidden = _mm512_ternarylogic_epi64(hidden, second, u, a_or_differing_b_and_c);
        __m512i pairs = _mm512_min_epu8(name, hidden);
        // 1 where `is_open_end` holds, otherwise 0.
        __m512i inner = _mm512_min_epu8(_mm512_xor_si512(second, comma),
                                        _mm512_ternarylogic_epi64(second, bit, brace, a_or_b_xor_c));
        ends = _mm512_or_si512(
            ends, _mm512_subs_epu8(_mm512_min_epu8(inner, one), _mm512_xor_si512(first, brace)));
        __mmask64 mask = _mm512_testn_epi8_mask(pairs, pairs);
        if (__builtin_expect(mask != 0, 0) && !inspect_all(prefilter, bytes, length, at, mask, &found)) return found;
    }
    found.may_be_several = _mm512_test_epi8_mask(ends, ends) != 0;
    return found;
}

AVX512 static inline block_marks marks(extent_state *state, const uint8_t *bytes) {
    __m512i first = _mm512_loadu_si512(bytes), second = _mm512_loadu_si512(bytes + 1);
    uint64_t quotes = _mm512_cmpeq_epi8_mask(first, _mm512_set1_epi8('"'));
    uint64_t backslashes = _mm512_cmpeq_epi8_mask(first, _mm512_set1_epi8('\\'));
    quotes &= ~escaped_bytes(backslashes, &state->escaped);
    uint64_t inside = (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)quotes),
                                                                       _mm_set1_epi8((char)0xFF), 0)) ^
                      state->in_string;
    state->in_string = (uint64_t)((int64_t)inside >> 63);
    // The bit turns [ into { and ] into }.
    __m512i brackets = _mm512_or_si512(first, _mm512_set1_epi8(0x20));
    // A backslash becomes an underscore (and so do ] and ^, which `inspect` turns down).
    __mmask64 hides = _mm512_cmpeq_epi8_mask(_mm512_or_si512(first, _mm512_set1_epi8(3)), _mm512_set1_epi8('_'));
    __mmask64 names = _mm512_cmpeq_epi8_mask(first, _mm512_set1_epi8('t'));
    return (block_marks){
        .open = _mm512_cmpeq_epi8_mask(brackets, _mm512_set1_epi8('{')) & ~inside,
        .close = _mm512_cmpeq_epi8_mask(brackets, _mm512_set1_epi8('}')) & ~inside,
        .pairs = _mm512_mask_cmpeq_epi8_mask(hides, second, _mm512_set1_epi8('u')) |
                 _mm512_mask_cmpeq_epi8_mask(names, second, _mm512_set1_epi8('N'))};
}

AVX512 amiwatch_extent amiwatch_value_extent_avx512(const uint8_t *bytes, size_t length, size_t start) {
    return scan_extent(bytes, length, start, marks);
}

AVX512 amiwatch_run amiwatch_ignorable_members_avx512(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                                      size_t length, size_t start, size_t maximum) {
    return scan_members(prefilter, bytes, length, start, maximum, marks);
}
#else
typedef int amiwatch_no_avx512;
#endif
