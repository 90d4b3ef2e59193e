internal import CLibrdkafka

/// librdkafka's properties, in the order in which they are set.
///
/// Every property of librdkafka passes through unchanged (TLS, SASL, tuning):
/// https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md. Printing a configuration shows no
/// secrets.
package struct KafkaConfiguration: Sendable, Equatable {
    package struct Property: Sendable, Equatable {
        /// Its name, as librdkafka spells it.
        package var name: String
        /// Its value; may be a secret (see ``KafkaConfiguration/isSecret(_:)``).
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// All properties, each name once.
    ///
    /// Values may be secrets: print ``description`` instead.
    package private(set) var properties: [Property] = []

    /// The file in which something beside this process keeps a fresh token for `OAUTHBEARER`; nil without one.
    package var tokenFile: String?

    /// A configuration with these properties; of a repeated name the last value counts.
    package init(_ properties: [Property] = []) {
        for property in properties { self[property.name] = property.value }
    }

    /// The value of a property, or nil when librdkafka's default holds.
    ///
    /// Setting nil takes the property out.
    package subscript(name: String) -> String? {
        get { properties.first { $0.name == name }?.value }
        set {
            let index = properties.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): properties[index].value = value
            case (let index?, nil): properties.remove(at: index)
            case (nil, let value?): properties.append(Property(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// This configuration with the other's properties set over it.
    package func merging(_ other: KafkaConfiguration) -> KafkaConfiguration {
        var result = self
        for property in other.properties { result[property.name] = property.value }
        if let file = other.tokenFile { result.tokenFile = file }
        return result
    }

    /// Whether a property's value must not be shown.
    package static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.contains("password") || name.contains("secret") || name.hasSuffix(".pem")
            || name.hasPrefix("sasl.oauthbearer.")
    }

    /// A line of librdkafka's log about its configuration, without the value of a property that must not be shown.
    ///
    /// librdkafka leaves some out itself, but not a client's secret of OpenID Connect.
    static func withoutSecret(_ line: String, facility: String) -> String {
        guard facility == "CONF", let match = line.firstMatch(of: /([a-z][a-z.]+)\s=\s/),
            isSecret(String(match.output.1))
        else { return line }
        return line[..<match.range.upperBound] + "[redacted]"
    }

    /// What is wrong with the certificates and keys that these properties name; nil when they can be used, or when
    /// TLS is not spoken.
    ///
    /// Opens no connection.
    package func tlsProblem() -> KafkaError? {
        guard let security = self["security.protocol"]?.lowercased(), ["ssl", "sasl_ssl"].contains(security)
        else {
            return nil
        }
        // Nothing of the log-in, which for Kerberos would ask for a ticket.
        var configuration = KafkaConfiguration(properties.filter { $0.name.hasPrefix("ssl.") })
        configuration["security.protocol"] = "ssl"
        do throws(KafkaError) {
            _ = try Client(
                RD_KAFKA_PRODUCER,
                configuration,
                log: { _, _, _ in },
                operation: "loading certificates"
            )
            return nil
        } catch { return error }
    }

    /// Every property that librdkafka refuses, each as an error that names it.
    ///
    /// Opens no connection.
    package func problems() -> [KafkaError] {
        let conf = rd_kafka_conf_new()
        defer { rd_kafka_conf_destroy(conf) }
        return properties.compactMap { KafkaConfiguration.set($0, in: conf) }
    }
}

extension KafkaConfiguration: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Property(name: $0.0, value: $0.1) })
    }
}

extension KafkaConfiguration: CustomStringConvertible, CustomReflectable {
    /// `name=value` pairs with secrets replaced by `[redacted]`: fit for logs.
    package var description: String {
        properties.map { "\($0.name)=\(KafkaConfiguration.isSecret($0.name) ? "[redacted]" : $0.value)" }
            .joined(separator: " ")
    }

    /// What `dump` and failure messages see: the redacted form.
    package var customMirror: Mirror { Mirror(self, children: ["properties": description]) }
}

extension KafkaConfiguration.Property: CustomStringConvertible, CustomReflectable {
    /// `name=value`, or `name=[redacted]`.
    package var description: String { KafkaConfiguration([self]).description }

    /// What `dump` and failure messages see: the redacted form.
    package var customMirror: Mirror { Mirror(self, children: ["property": description]) }
}

extension KafkaConfiguration {
    /// librdkafka's form of this configuration.
    ///
    /// The caller owns it until `rd_kafka_new` succeeds.
    func makeConf() throws(KafkaError) -> OpaquePointer {
        guard let conf = rd_kafka_conf_new() else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "making a Kafka configuration")
        }
        for property in properties {
            if let problem = KafkaConfiguration.set(property, in: conf) {
                rd_kafka_conf_destroy(conf)
                throw problem
            }
        }
        return conf
    }

    /// This configuration with properties that the caller relies on; another value for one of them is an error.
    func requiring(_ required: KafkaConfiguration) throws(KafkaError) -> KafkaConfiguration {
        for property in required.properties {
            guard let given = self[property.name], given.lowercased() != property.value else { continue }
            throw KafkaError(
                RD_KAFKA_RESP_ERR__INVALID_ARG,
                "setting the Kafka property \(property.name)",
                message: "must stay \(property.value): positions are kept by the pipeline, not by librdkafka"
            )
        }
        return merging(required)
    }

    private static func set(_ property: Property, in conf: OpaquePointer?) -> KafkaError? {
        let operation = "setting the Kafka property \(property.name)"
        // A NUL would cut the C string short, and a secret would be another one than was meant.
        if property.name.utf8.contains(0) || property.value.utf8.contains(0) {
            return KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation, message: "holds a NUL byte")
        }
        return withErrorText { buffer -> KafkaError? in
            let result = rd_kafka_conf_set(
                conf,
                property.name,
                property.value,
                buffer.baseAddress,
                buffer.count
            )
            if result == RD_KAFKA_CONF_OK { return nil }
            let text = string(buffer)
            // librdkafka's text quotes the value, except where it is built without what the property is about.
            let isQuoted = result == RD_KAFKA_CONF_INVALID && !text.contains("not supported in this build")
            return KafkaError(
                RD_KAFKA_RESP_ERR__INVALID_ARG,
                operation,
                message: isQuoted && isSecret(property.name) ? "invalid value (not shown)" : text
            )
        }
    }
}

/// Room for librdkafka's error texts.
func withErrorText<R>(_ body: (UnsafeMutableBufferPointer<CChar>) -> R) -> R {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        buffer.initialize(repeating: 0)
        return body(buffer)
    }
}

/// The text in a buffer that librdkafka filled and ended with NUL.
func string(_ buffer: UnsafeMutableBufferPointer<CChar>) -> String {
    buffer.baseAddress.map { String(cString: $0) } ?? ""
}
