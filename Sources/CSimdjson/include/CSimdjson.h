#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One reusable parser: simdjson's DOM parser and a padded copy of the input. For one thread at a time.
typedef struct amiwatch_json_parser amiwatch_json_parser;

/// A parsed document, valid until the parser parses again or is freed, and as long as the text is there.
///
/// The tape is simdjson's (its doc/tape.md): one 64-bit word per node, the type in the top 8 bits. A string's
/// payload is an offset into `strings`, where its length stands in 4 bytes before its UTF-8. The payload of an
/// opening bracket holds the index behind the closing one in its low 32 bits. A number is followed by a word with
/// its value. Index 0 is the root's frame; the root value stands at 1. A string may also have the type `'`: then its
/// payload is an offset into `strings` in the low 28 bits, and the length of its UTF-8 there in the high ones.
typedef struct {
    const uint64_t *_Nullable tape;
    const uint8_t *_Nullable strings;
} amiwatch_json_document;

/// Why a text is no document.
typedef enum {
    AMIWATCH_JSON_OK = 0,
    AMIWATCH_JSON_MALFORMED,
    AMIWATCH_JSON_TOO_DEEP,
    AMIWATCH_JSON_INVALID_UTF8,
    AMIWATCH_JSON_NUMBER,
    AMIWATCH_JSON_EMPTY,
    AMIWATCH_JSON_OUT_OF_MEMORY,
} amiwatch_json_status;

/// A parser that accepts brackets nested up to `max_depth`; null when memory is short.
amiwatch_json_parser *_Nullable amiwatch_json_new(size_t max_depth);

/// Frees a parser and the document it last parsed.
void amiwatch_json_free(amiwatch_json_parser *_Nullable parser);

/// Parses exactly one JSON value with white space around it. The bytes need no padding. Where a
/// number does not fit 64 bits, every number that may not is read as 0. Half of a surrogate pair is read as U+FFFD, a
/// control character that is not escaped as itself.
amiwatch_json_status amiwatch_json_parse(amiwatch_json_parser *_Nonnull parser, const uint8_t *_Nullable bytes,
                                         size_t length, amiwatch_json_document *_Nonnull document);

/// The text of a status, for people; static.
const char *_Nonnull amiwatch_json_text(amiwatch_json_status status);

#ifdef __cplusplus
}
#endif
