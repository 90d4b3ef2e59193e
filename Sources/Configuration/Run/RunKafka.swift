/// `kafka`, `group_id`, `instance_id`, `roles`.
extension RunReading {
    /// Properties that amiwatch sets itself, each with what to write instead.
    private static let own: [String: String] = [
        "bootstrap.servers": "kafka.bootstrap_servers", "metadata.broker.list": "kafka.bootstrap_servers",
        "group.id": "group_id", "group.instance.id": "kafka.static_membership",
        "transactional.id": "instance_id",
        "enable.auto.commit": "", "enable.auto.offset.store": "", "auto.commit.enable": "",
        "isolation.level": "",
        "enable.idempotence": "", "acks": "", "request.required.acks": "", "enable.partition.eof": "",
        "partition.assignment.strategy": "", "auto.offset.reset": "",
    ]

    func readKafka(_ top: Fields, into configuration: inout RunConfiguration) {
        if let fields = top.fields("kafka") {
            configuration.kafka.bootstrapServers = fields.value("bootstrap_servers", bootstrapServers)
            if let node = fields["static_membership"] {
                configuration.kafka.hasStaticMembership = fields.boolean("static_membership") ?? false
                warnOfNoInstanceID(configuration.kafka, top, node.location)
            }
            if let node = fields["oauth_token_file"], let file = text(node, "kafka.oauth_token_file")?.value {
                configuration.kafka.tokenLocation = node.location
                configuration.kafka.tokenFile = path(file, namedAt: node.location)
            }
            for (key, target) in [
                ("properties", \RunConfiguration.Kafka.properties), ("consumer", \.consumer),
                ("producer", \.producer),
            ] {
                configuration.kafka[keyPath: target] = fields.value(key, properties) ?? []
            }
            warnOfPlainText(configuration.kafka)
        }
        if let id = top.value("group_id", text) { configuration.groupID = id.value }
        configuration.instanceID = top.value("instance_id", text)?.value
        guard let node = top["roles"] else { return }
        let roles = top.list("roles") { reader.word($0, $1, RunConfiguration.Role.self) }
        if case .sequence(let items) = node.value, items.isEmpty {
            reader.error(
                node.location,
                "roles is empty, so this process would do nothing",
                instead: "[intake, detector]"
            )
        }
        if !roles.isEmpty { configuration.roles = Set(roles) }
    }

    /// Only `run` needs the name, which may be in each worker's environment alone: so it is no error for the others.
    private func warnOfNoInstanceID(_ kafka: RunConfiguration.Kafka, _ top: Fields, _ location: FileLocation)
    {
        guard kafka.hasStaticMembership, top["instance_id"] == nil else { return }
        reader.warn(
            location,
            "kafka.static_membership needs instance_id, and run does not start without it",
            instead: location.isSetting ? RunKeys.variable(of: "instance_id") : "instance_id: worker-1"
        )
    }

    private func bootstrapServers(_ node: Node, _ path: String) -> String? {
        var nodes = [node]
        if case .sequence(let items) = node.value { nodes = items }
        var servers: [String] = []
        for node in nodes {
            guard let text = text(node, path)?.value else { continue }
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let server = part.filter { $0 != " " }
                guard isServer(server) else {
                    reader.error(
                        node.location,
                        "\(path): \(server.isEmpty ? "an empty entry" : server) is not a valid address",
                        instead: "one like broker1:9092"
                    )
                    continue
                }
                servers.append(server)
            }
        }
        return servers.isEmpty ? nil : servers.joined(separator: ",")
    }

    /// `host:port`, perhaps after a protocol; IPv6 hosts in brackets.
    private func isServer(_ text: String) -> Bool {
        var rest = Substring(text)
        if let scheme = rest.firstRange(of: "://") {
            guard
                ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].contains(
                    rest[..<scheme.lowerBound].uppercased()
                )
            else { return false }
            rest = rest[scheme.upperBound...]
        }
        guard !rest.isEmpty, !rest.contains("/") else { return false }
        guard let colon = rest.lastIndex(of: ":"), rest.last != "]" else { return true }
        let port = Int(rest[rest.index(after: colon)...]) ?? 0
        return colon > rest.startIndex && (1...65_535).contains(port)
    }

    private func properties(_ node: Node, _ path: String) -> [RunConfiguration.Property] {
        guard let entries = reader.entries(node, path) else { return [] }
        return entries.compactMap { entry in
            let isFile = entry.key.hasSuffix("_file")
            let name = isFile ? String(entry.key.dropLast(5)) : entry.key
            if let instead = Self.own[name] {
                reader.error(
                    entry.location,
                    "\(path): amiwatch sets \(name) itself",
                    instead: instead.isEmpty
                        ? "nothing here" : entry.location.isSetting ? RunKeys.variable(of: instead) : instead,
                    impact: "alerts would not be exactly once"
                )
                return nil
            }
            if isFile, entries.contains(where: { $0.key == name }) {
                reader.error(
                    entry.location,
                    "\(path): both \(name) and \(entry.key) are given",
                    instead: "one of the two"
                )
                return nil
            }
            guard let value = isFile ? content(entry, path) : value(entry, path) else { return nil }
            let property = RunConfiguration.Property(name: name, value: value, location: entry.location)
            if Self.files.contains(name) { checkFile(property, at: entry.value.location) }
            return property
        }
    }

    /// Properties that name a file.
    private static let files = [
        "ssl.ca.location", "ssl.certificate.location", "ssl.crl.location", "ssl.key.location",
        "ssl.keystore.location", "sasl.kerberos.keytab",
    ]

    /// Says when a file that a property names cannot be read.
    ///
    /// librdkafka, which reads it, takes its path from the working directory.
    private func checkFile(_ property: RunConfiguration.Property, at location: FileLocation) {
        let path = property.value.value
        // Both of librdkafka: the system's own authorities.
        if property.name == "ssl.ca.location", path == "probe" || path.isEmpty { return }
        guard let refusal = SourceFile.refusal(path, allowsFolder: property.name == "ssl.ca.location") else {
            return
        }
        let beside =
            location.isSetting ? path : SourceFile.resolve(path, in: SourceFile.folder(of: location.file))
        let isBeside = beside != path && SourceFile.refusal(beside, allowsFolder: false) == nil
        reader.error(
            location,
            "\(property.name): \(property.value): \(refusal.message)"
                + (isBeside ? " in the working directory, from which librdkafka takes its path" : ""),
            instead: property.value.isSecret ? nil : isBeside ? "the whole path" : refusal.instead,
            impact: "no broker could be reached"
        )
    }

    /// Says when properties of TLS or of a log-in are given, and nothing turns them on.
    private func warnOfPlainText(_ kafka: RunConfiguration.Kafka) {
        let all = kafka.properties + kafka.consumer + kafka.producer
        guard !all.contains(where: { $0.name == "security.protocol" }),
            kafka.bootstrapServers?.contains("://") != true,
            let idle = all.first(where: { $0.name.hasPrefix("ssl.") || $0.name.hasPrefix("sasl.") })
        else { return }
        reader.warn(
            idle.location,
            "\(idle.name) has no effect without security.protocol: Kafka is spoken to in plain text",
            instead: "\(idle.writing("security.protocol")) as well: SSL, SASL_SSL or SASL_PLAINTEXT"
        )
    }

    /// A property's value: any scalar, as librdkafka takes texts only.
    private func value(_ entry: Node.Entry, _ path: String) -> SecretText? {
        guard case .scalar(let text, _) = entry.value.value, !entry.value.isNull else {
            reader.mismatch(
                entry.value,
                "\(path).\(entry.key)",
                "a string, a number or a boolean",
                instead: nil
            )
            return nil
        }
        // A variable's value is taken as it is: a password may hold anything.
        if entry.value.location.isSetting { return SecretText(text, isSecret: Self.isSecret(entry.key)) }
        guard let value = expand(text, entry.value.location, "\(path).\(entry.key)") else { return nil }
        guard Self.isSecret(entry.key) else { return value }
        if !value.isSecret {
            reader.warn(
                entry.value.location,
                "\(path): \(entry.key) is a secret, and it stands in the file",
                instead: "\"${NAME}\" for an environment variable, or \(entry.key)_file: FILE"
            )
        }
        return SecretText(value.value, isSecret: true)
    }

    /// A property's value from a file, without the line end after it.
    private func content(_ entry: Node.Entry, _ path: String) -> SecretText? {
        guard let name = text(entry.value, "\(path).\(entry.key)")?.value else { return nil }
        let file = SourceFile.resolve(name, in: SourceFile.folder(of: entry.location.file))
        do throws(SourceFile.Refusal) {
            let bytes = try SourceFile.bytes(of: file)
            guard var text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
                reader.error(entry.value.location, "\(file): the file is not UTF-8 text")
                return nil
            }
            while text.hasSuffix("\n") || text.hasSuffix("\r\n") || text.hasSuffix("\r") { text.removeLast() }
            return SecretText(text, isSecret: true)
        } catch {
            reader.error(entry.value.location, "\(file): \(error.message)", instead: error.instead)
            return nil
        }
    }

    private static func isSecret(_ property: String) -> Bool {
        let name = property.lowercased()
        return ["password", "secret", "token"].contains { name.contains($0) } && !name.hasSuffix(".url")
            || name == "ssl.key.pem" || name == "sasl.oauthbearer.config"
    }
}
