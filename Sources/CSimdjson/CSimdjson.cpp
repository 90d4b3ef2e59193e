#include "CSimdjson.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <simdjson.h>

// Above this the buffers of a parser are given back after use: a document takes about 14 times its size.
static constexpr size_t kept_capacity = size_t(4) << 20;

struct amiwatch_json_parser {
    simdjson::dom::parser *parser = nullptr;
    uint8_t *buffer = nullptr;
    size_t capacity = 0;
    size_t max_depth = 0;
};

static bool renew(amiwatch_json_parser *self) {
    delete self->parser;
    self->parser = new (std::nothrow) simdjson::dom::parser();
    // simdjson counts an opening bracket as too deep when it reaches the maximum.
    return self->parser != nullptr && self->parser->allocate(64 * 1024, self->max_depth + 1) == simdjson::SUCCESS;
}

static bool reserve(amiwatch_json_parser *self, size_t length) {
    size_t wanted = length + simdjson::SIMDJSON_PADDING;
    if (self->capacity >= wanted && (self->capacity <= kept_capacity || wanted > kept_capacity)) return true;
    size_t capacity = wanted < 64 * 1024 ? 64 * 1024 : wanted + wanted / 4;
    std::free(self->buffer);
    self->buffer = static_cast<uint8_t *>(std::malloc(capacity));
    self->capacity = self->buffer == nullptr ? 0 : capacity;
    return self->buffer != nullptr;
}

amiwatch_json_parser *amiwatch_json_new(size_t max_depth) {
    auto self = new (std::nothrow) amiwatch_json_parser();
    if (self == nullptr) return nullptr;
    self->max_depth = max_depth;
    if (renew(self) && reserve(self, 0)) return self;
    amiwatch_json_free(self);
    return nullptr;
}

void amiwatch_json_free(amiwatch_json_parser *self) {
    if (self == nullptr) return;
    delete self->parser;
    std::free(self->buffer);
    delete self;
}

amiwatch_json_status amiwatch_json_parse(amiwatch_json_parser *self, const uint8_t *bytes, size_t length,
                                         amiwatch_json_document *document) {
    if (length == 0) return AMIWATCH_JSON_EMPTY;
    if (self->parser == nullptr || (self->parser->capacity() > kept_capacity && length <= kept_capacity)) {
        if (!renew(self)) return AMIWATCH_JSON_OUT_OF_MEMORY;
    }
    if (!reserve(self, length)) return AMIWATCH_JSON_OUT_OF_MEMORY;
    std::memcpy(self->buffer, bytes, length);
    std::memset(self->buffer + length, 0, simdjson::SIMDJSON_PADDING);
    simdjson::dom::element root;
    switch (self->parser->parse(self->buffer, length, false).get(root)) {
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
    case AMIWATCH_JSON_NUMBER: return "a number that is malformed or outside 64 bits";
    case AMIWATCH_JSON_EMPTY: return "no JSON value";
    case AMIWATCH_JSON_OUT_OF_MEMORY: return "out of memory";
    case AMIWATCH_JSON_MALFORMED: break;
    }
    return "not JSON";
}

bool amiwatch_valid_utf8(const uint8_t *bytes, size_t length) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), length);
}
