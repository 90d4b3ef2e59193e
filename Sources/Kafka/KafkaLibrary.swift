internal import CLibrdkafka

import Glibc

/// The librdkafka that this program runs with.
package enum KafkaLibrary {
    /// Its version: `2.0.2`.
    package static let version = String(cString: rd_kafka_version_str())

    /// Whether it can log in to Kafka 4 with SCRAM.
    ///
    /// Before 2.6.1 it sends its nonce twice, which Kafka 4 takes for wrong credentials:
    /// https://github.com/confluentinc/librdkafka/pull/4895.
    package static let hasScramOfKafka4 = rd_kafka_version() >= 0x0206_0100

    /// What it is built with, in its own words: `sasl_scram`, `sasl_oauthbearer`, `oidc` and so on.
    package static let features: Set<String> = {
        guard let conf = rd_kafka_conf_new() else { return [] }
        defer { rd_kafka_conf_destroy(conf) }
        return withErrorText { buffer in
            var size = buffer.count
            let result = rd_kafka_conf_get(conf, "builtin.features", buffer.baseAddress, &size)
            return result == RD_KAFKA_CONF_OK
                ? Set(string(buffer).split(separator: ",").map(String.init)) : []
        }
    }()

    /// The names of all properties that it has, in its own order.
    package static let propertyNames: [String] = {
        // There is no list of them but librdkafka's own documentation: a table, "name | C/P | range …".
        var text: UnsafeMutablePointer<CChar>?
        var size = 0
        guard let stream = open_memstream(&text, &size) else { return [] }
        rd_kafka_conf_properties_show(stream)
        fclose(stream)
        guard let text else { return [] }
        defer { free(text) }
        return String(cString: text).split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            let name = cells[0].filter { $0 != " " }
            return cells.count > 3 && !name.isEmpty
                && name.allSatisfy { $0.isLowercase || ".0123456789".contains($0) }
                ? name : nil
        }
    }()
}
