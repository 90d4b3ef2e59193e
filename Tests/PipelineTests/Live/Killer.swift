import Foundation
import KafkaTestSupport

/// A library that ends its process when it is about to produce a message with the words in `DIES_AT`; as many
/// milliseconds later as `DIES_AFTER` says, in which what was produced before is sent.
enum Killer {
    /// Its path, for `LD_PRELOAD`.
    static func library() throws -> String {
        let folder = try temporaryFolder("amiwatch-killer")
        try """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <librdkafka/rdkafka.h>
        #include <signal.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *client, const rd_kafka_vu_t *parts, size_t count) {
            const char *words = getenv("DIES_AT"), *pause = getenv("DIES_AFTER");
            for (size_t i = 0; i < count; i++)
                if ((parts[i].vtype == RD_KAFKA_VTYPE_KEY || parts[i].vtype == RD_KAFKA_VTYPE_VALUE) &&
                    memmem(parts[i].u.mem.ptr, parts[i].u.mem.size, words, strlen(words))) {
                    usleep(pause ? atoi(pause) * 1000 : 0);
                    raise(SIGKILL);
                }
            rd_kafka_error_t *(*produce)(rd_kafka_t *, const rd_kafka_vu_t *, size_t) =
                dlsym(RTLD_NEXT, "rd_kafka_produceva");
            return produce(client, parts, count);
        }
        """.write(toFile: folder + "/killer.c", atomically: true, encoding: .utf8)
        let result = try runCommand(
            ["clang", "-shared", "-fPIC", "-o", folder + "/killer.so", folder + "/killer.c"]
        )
        guard result.status == 0 else { throw ReadFailure(message: result.errors) }
        return folder + "/killer.so"
    }
}
