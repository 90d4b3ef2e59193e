#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The instruction set that the functions below use.
typedef enum {
    AMIWATCH_PORTABLE = 0,
    AMIWATCH_SSE2 = 1,
    AMIWATCH_AVX2 = 2,
    AMIWATCH_AVX512 = 3,
} amiwatch_simd;

/// The names of the watched calls as a hash table, and the instruction set. Read-only once it is made, so that any
/// number of threads can share it.
typedef struct amiwatch_prefilter amiwatch_prefilter;

/// What a scan of bytes for event names found.
typedef struct {
    /// The bytes may contain a watched call: a watched name, or something that can hide one (a `\u` escape, an OCSF
    /// key, a name that is no plain string).
    bool suspicious;
    /// Names of other calls under an unescaped `"eventName"` key.
    uint32_t plain;
    /// Names of other calls under such a key inside a JSON string.
    uint32_t escaped;
    /// Those of them next to an event source of AWS's. The name and the source of a wrapper (`aws:kinesis`) tell
    /// nothing of what is in it.
    uint32_t sourced;
    /// Where the last of the others begins.
    size_t unsourced;
    /// There is one name of another call, and it has an event source of AWS's: that record, alone or in an envelope, is
    /// the only one. Text in base64 cannot hide another, because the reader opens none beside such a record.
    bool one_other_call;
    /// Behind some closing brace stands neither a comma nor a closing bracket: these may be several values.
    bool may_be_several;
} amiwatch_names;

/// Where a JSON value ends, by its strings and brackets alone.
typedef struct {
    /// The offset behind the value; the length of the input when it is not closed.
    size_t end;
    /// Whether the brackets were closed again.
    bool closed;
    /// Not closed, because a string was not closed.
    bool in_string;
} amiwatch_extent;

/// Members of a list that were passed over.
typedef struct {
    /// How many: all are objects with one event name, which is another call's.
    size_t count;
    /// The offset behind the last of them; where the scan began when there is none.
    size_t end;
    /// The extent of the object behind them, when it was found that it needs a closer look; 0 and 0 when the scan
    /// ended for another reason.
    size_t next_start, next_end;
} amiwatch_run;

/// The best instruction set of this machine.
amiwatch_simd amiwatch_best_simd(void);

/// A prefilter for names, each of 1 to 63 letters and followed by a line end, at most 127 of them. It uses `simd`, or
/// the best that this machine has. Null when a name is unusable or memory is short.
amiwatch_prefilter *_Nullable amiwatch_prefilter_new(const char *_Nonnull names, size_t length, amiwatch_simd simd);

/// Frees a prefilter.
void amiwatch_prefilter_free(amiwatch_prefilter *_Nullable prefilter);

/// Looks at every `eventName` in the bytes, at every level of escaping. Stops at the first suspicious thing.
amiwatch_names amiwatch_scan_names(const amiwatch_prefilter *_Nonnull prefilter, const uint8_t *_Nullable bytes,
                                   size_t length);

/// What a look at a whole message tells.
typedef enum {
    /// Anything that needs a closer look.
    AMIWATCH_UNKNOWN = 0,
    /// It is one JSON document with one record (bare, or in an envelope) of a call that is not watched, of a service of
    /// AWS's; or no JSON, because a comma or a closing bracket stands behind a document.
    AMIWATCH_IGNORABLE = 1,
    /// It begins as an object, and its names are suspicious.
    AMIWATCH_SUSPICIOUS = 2,
} amiwatch_glance;

/// Looks at a message value.
amiwatch_glance amiwatch_look(const amiwatch_prefilter *_Nonnull prefilter, const uint8_t *_Nullable bytes,
                              size_t length);

/// Whether a look at a message value tells that it is ignorable.
bool amiwatch_ignorable(const amiwatch_prefilter *_Nonnull prefilter, const uint8_t *_Nullable bytes, size_t length);

/// Scans from an opening bracket or a quote at `start` to its end, or a scalar to the delimiter behind it.
amiwatch_extent amiwatch_value_extent(const amiwatch_prefilter *_Nonnull prefilter, const uint8_t *_Nonnull bytes,
                                      size_t length, size_t start);

/// Passes over the members of a list as long as they are objects with `one_other_call`, and single commas stand between
/// them: what `amiwatch_value_extent` and `amiwatch_scan_names` tell of each, in one scan. Begins at the opening bracket
/// of one; passes over `maximum` at most.
amiwatch_run amiwatch_ignorable_members(const amiwatch_prefilter *_Nonnull prefilter, const uint8_t *_Nonnull bytes,
                                        size_t length, size_t start, size_t maximum);
