/// Why the log-in that a configuration describes cannot come about.
package struct LoginFault: Sendable, Equatable {
    /// The property that is to blame, as librdkafka spells it.
    package let property: String
    /// What is wrong with it.
    package let message: String
    /// What to write, or to do; nil when the message says it.
    package let instead: String?
}

extension KafkaConfiguration {
    /// The mechanisms that Kafka has, by the word for each in librdkafka's list of what it is built with.
    private static let mechanisms = [
        "PLAIN": "sasl_plain", "SCRAM-SHA-256": "sasl_scram", "SCRAM-SHA-512": "sasl_scram",
        "OAUTHBEARER": "sasl_oauthbearer", "GSSAPI": "sasl_gssapi",
    ]

    /// Why nobody could log in with these properties and this librdkafka; nil when that is up to the broker.
    ///
    /// Opens no connection.
    package func loginFault(features: Set<String> = KafkaLibrary.features) -> LoginFault? {
        let isSASL = self["security.protocol"]?.lowercased().hasPrefix("sasl_") == true
        guard isSASL else {
            return tokenFile.map { _ in
                LoginFault(
                    property: "security.protocol",
                    message: "kafka.oauth_token_file is given, and no log-in is asked for",
                    instead: "security.protocol: SASL_SSL, and sasl.mechanism: OAUTHBEARER"
                )
            }
        }
        // librdkafka's own default, and its other spelling.
        let mechanism = (self["sasl.mechanism"] ?? self["sasl.mechanisms"] ?? "GSSAPI").uppercased()
        guard let feature = Self.mechanisms[mechanism], features.contains(feature) else {
            return LoginFault(
                property: "sasl.mechanism",
                message: "librdkafka \(KafkaLibrary.version) cannot log in by sasl.mechanism \(mechanism)",
                instead: Self.instead(of: mechanism, features)
            )
        }
        guard mechanism == "OAUTHBEARER" else {
            return tokenFile.map { _ in
                LoginFault(
                    property: "sasl.mechanism",
                    message: "kafka.oauth_token_file is given, and sasl.mechanism is \(mechanism)",
                    instead: "sasl.mechanism: OAUTHBEARER"
                )
            }
        }
        return tokenFault(features)
    }

    private func tokenFault(_ features: Set<String>) -> LoginFault? {
        let asksServer = self["sasl.oauthbearer.method"]?.lowercased() == "oidc"
        if let tokenFile {
            if asksServer {
                return LoginFault(
                    property: "sasl.oauthbearer.method",
                    message: "both kafka.oauth_token_file and sasl.oauthbearer.method oidc are given",
                    instead: "one of the two"
                )
            }
            do throws(BearerToken.Fault) { _ = try BearerToken(file: tokenFile) } catch {
                return LoginFault(
                    property: "kafka.oauth_token_file",
                    message: "kafka.oauth_token_file: \(error)",
                    instead: nil
                )
            }
            return nil
        }
        if asksServer || self["enable.sasl.oauthbearer.unsecure.jwt"] == "true" { return nil }
        return LoginFault(
            property: "sasl.mechanism",
            message: "sasl.mechanism OAUTHBEARER has nowhere to take a token from",
            instead: "kafka.oauth_token_file: FILE"
                + (features.contains("oidc")
                    ? ", or sasl.oauthbearer.method: oidc with sasl.oauthbearer.token.endpoint.url" : "")
        )
    }

    private static func instead(of mechanism: String, _ features: Set<String>) -> String {
        let known = mechanisms.filter { features.contains($0.value) }.keys.sorted().joined(separator: ", ")
        guard mechanism == "AWS_MSK_IAM" else { return "one of \(known)" }
        return "SCRAM-SHA-512 with MSK's secret, OAUTHBEARER with IAM's token in kafka.oauth_token_file, or "
            + "a client certificate (security.protocol: SSL)"
    }
}
