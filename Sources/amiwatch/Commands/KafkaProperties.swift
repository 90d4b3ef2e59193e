import Configuration
import Kafka

extension RunConfiguration.Kafka {
    /// The properties that librdkafka does not take, each with its place.
    ///
    /// Of those for OpenID Connect, which Debian 12's is built without, the first stands for all.
    var refusals: [Diagnostic] {
        var isWithoutOIDC = false
        return (properties + consumer + producer).flatMap { property in
            let isOIDC =
                property.name.hasPrefix("sasl.oauthbearer.") && !KafkaLibrary.features.contains("oidc")
            return KafkaConfiguration([.init(name: property.name, value: property.value.value)]).problems()
                .compactMap { problem in
                    guard KafkaLibrary.propertyNames.contains(property.name) else { return property.unknown }
                    defer { isWithoutOIDC = isWithoutOIDC || isOIDC }
                    if isOIDC, isWithoutOIDC { return nil }
                    let newer = "build with a newer one (Deploy/packages --librdkafka)"
                    return Diagnostic(
                        .error,
                        at: property.location,
                        "\(problem)",
                        instead: isOIDC ? "kafka.oauth_token_file: FILE, or \(newer)" : nil,
                        impact: "run would not start"
                    )
                }
        }
    }

    /// Why nobody could log in, whatever the brokers say.
    var loginFaults: [Diagnostic] {
        var found: [Diagnostic] = []
        for (all, configuration) in asClients {
            guard let fault = configuration.loginFault() else { continue }
            let property =
                all.last { $0.name == fault.property } ?? all.last { $0.name == "security.protocol" }
            let isToken = fault.property == "kafka.oauth_token_file"
            guard let location = isToken ? tokenLocation : property?.location ?? tokenLocation else {
                continue
            }
            let diagnostic = Diagnostic(
                .error,
                at: location,
                fault.message,
                instead: fault.instead,
                impact: "no broker would let this client in"
            )
            if !found.contains(diagnostic) { found.append(diagnostic) }
        }
        return found
    }

    /// The properties of consumers and of producers, and what a client makes of them: the last one counts.
    private var asClients: [([RunConfiguration.Property], KafkaConfiguration)] {
        [consumer, producer].map { chosen in
            let all = properties + chosen
            var configuration = KafkaConfiguration()
            for property in all { configuration[property.name] = property.value.value }
            configuration.tokenFile = tokenFile
            return (all, configuration)
        }
    }

    /// What is wrong with the certificates and keys that the properties name.
    var certificateFaults: [Diagnostic] {
        var found: [Diagnostic] = []
        for (all, configuration) in asClients {
            guard let problem = configuration.tlsProblem() else { continue }
            let named = problem.message.firstMatch(of: /^(ssl\.[a-z.]+) failed/).map { String($0.output.1) }
            let property =
                all.last { $0.name == named } ?? all.last { $0.name == "security.protocol" } ?? all.last
            guard let property else { continue }
            let password =
                named?.hasPrefix("ssl.key.") == true ? ", and that ssl.key.password is its password" : ""
            let diagnostic = Diagnostic(
                .error,
                at: property.location,
                "\(problem); check that the file is PEM\(password)",
                impact: "no broker could be reached"
            )
            if !found.contains(diagnostic) { found.append(diagnostic) }
        }
        return found
    }
}

extension RunConfiguration.Property {
    /// What is said of a name that librdkafka does not have.
    fileprivate var unknown: Diagnostic {
        // The path in the file is no part of a variable's name.
        let bare = name.hasPrefix("properties.") ? String(name.dropFirst(11)) : name
        let nearest =
            KafkaLibrary.propertyNames.contains(bare)
            ? bare : NearestName.of(bare, in: KafkaLibrary.propertyNames)
        return Diagnostic(
            .error,
            at: location,
            "librdkafka \(KafkaLibrary.version) has no property \(name)",
            instead: nearest.map(writing),
            impact: "it would have no effect"
        )
    }
}
