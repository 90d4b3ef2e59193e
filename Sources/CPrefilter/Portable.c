// The scans without vector instructions. They define what the vectorised ones must find.
#include "Members.h"

// Without a branch, so that compilers make vector instructions of it.
static bool has_open_end(const uint8_t *bytes, size_t length) {
    uint8_t found = 0;
    for (size_t at = 0; at + 1 < length; at += 1) found |= is_open_end(bytes[at], bytes[at + 1]);
    return found != 0;
}

amiwatch_names amiwatch_scan_names_portable(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                            size_t length) {
    amiwatch_names found = {0};
    for (size_t at = 0; at + 1 < length; at += 1) {
        if (is_pair(bytes[at], bytes[at + 1]) && !inspect(prefilter, bytes, length, at, &found)) {
            found.suspicious = true;
            return found;
        }
    }
    found.may_be_several = has_open_end(bytes, length);
    return found;
}

static amiwatch_extent string_extent(const uint8_t *bytes, size_t length, size_t start) {
    for (size_t at = start + 1; at < length; at += 1) {
        if (bytes[at] == '\\') at += 1;
        else if (bytes[at] == '"') return (amiwatch_extent){.end = at + 1, .closed = true};
    }
    return (amiwatch_extent){.end = length, .in_string = true};
}

amiwatch_extent amiwatch_value_extent_portable(const uint8_t *bytes, size_t length, size_t start) {
    size_t depth = 0;
    switch (bytes[start]) {
    case '"': return string_extent(bytes, length, start);
    case '{':
    case '[': break;
    default:
        for (size_t at = start; at < length; at += 1)
            switch (bytes[at]) {
            case ',': case ']': case '}': case ' ': case '\n': case '\r': case '\t': case '{': case '[': case '"':
                return (amiwatch_extent){.end = at > start ? at : at + 1, .closed = true};
            default: break;
            }
        return (amiwatch_extent){.end = length, .closed = true};
    }
    bool in_string = false, escaped = false;
    for (size_t at = start; at < length; at += 1) {
        uint8_t byte = bytes[at];
        if (byte == '"' && !escaped) in_string = !in_string;
        escaped = byte == '\\' && !escaped;
        if (in_string) continue;
        if ((byte | 0x20) == '{') {
            depth += 1;
        } else if ((byte | 0x20) == '}') {
            depth -= 1;
            if (depth == 0) return (amiwatch_extent){.end = at + 1, .closed = true};
        }
    }
    return (amiwatch_extent){.end = length, .in_string = in_string};
}

amiwatch_run amiwatch_ignorable_members_portable(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                                 size_t length, size_t start, size_t maximum) {
    amiwatch_run run = {.end = start};
    for (size_t member = start; member < length && run.count < maximum; member = next_object(bytes, length, run.end)) {
        amiwatch_extent extent = amiwatch_value_extent_portable(bytes, length, member);
        if (!extent.closed) return run;
        amiwatch_names names = amiwatch_scan_names(prefilter, bytes + member, extent.end - member);
        if (!names.one_other_call) {
            run.next_start = member;
            run.next_end = extent.end;
            return run;
        }
        run.count += 1;
        run.end = extent.end;
    }
    return run;
}
