import CloudTrail
import Detection

/// `publishers`, `exempt_services`, `required_tags`.
extension PolicyReading {
    func readPrincipals(_ top: Fields, into policy: inout Policy) {
        if let node = top["publishers"] {
            policy.publishers = top.list("publishers", principalPattern).map(Pattern.init)
            if case .sequence(let items) = node.value, items.isEmpty {
                reader.warn(node.location, "publishers is empty, so nobody may create or approve images")
            }
        }
        policy.exemptServices = top.set("exempt_services") {
            service($0, $1, impact: "no call would be exempt")
        }
    }

    /// A pattern of the ARN of a role, a user or the root user.
    func principalPattern(_ node: Node, _ path: String) -> String? {
        guard let text = reader.text(node, path) else { return nil }
        let form = "arn:aws:iam::111122223333:role/NAME"
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(
            String.init
        )
        func refuse(_ problem: String, _ instead: String) -> String? {
            reader.error(
                node.location,
                "\(path): \(text) \(problem)",
                instead: instead,
                impact: "it would match no principal"
            )
            return nil
        }
        guard parts.count == 6, parts[0] == "arn" else {
            return refuse("is not a valid ARN of a role or a user", "one like \(form)")
        }
        let (partition, service, region, account, name) = (parts[1], parts[2], parts[3], parts[4], parts[5])
        guard partition.hasPrefix("aws") || partition.contains("*") else {
            return refuse("names partition \(partition)", "aws, aws-cn or aws-us-gov")
        }
        if service == "sts", name.hasPrefix("assumed-role/") {
            let role = name.split(separator: "/").dropFirst().first.map(String.init) ?? "NAME"
            return refuse(
                "is a session; principals are known by their role",
                "arn:\(partition):iam::\(account):role/\(role)"
            )
        }
        guard service == "iam" || service.contains("*") else {
            return refuse("is not a valid ARN of IAM", "one like \(form)")
        }
        guard region.isEmpty || region == "*" else {
            return refuse("names a Region, which ARNs of IAM do not have", "one like \(form)")
        }
        let isAccount = account.count == 12 && account.allSatisfy { $0.isASCII && $0.isNumber }
        guard isAccount || account.contains("*") || account.contains("?") else {
            return refuse("has no valid account id", "one like \(form)")
        }
        let wild = name.firstIndex { "*?".contains($0) }.map { name[..<$0] }
        let isKind = ["role/", "user/", "root"].contains { kind in
            if let wild { return kind.hasPrefix(wild) || wild.hasPrefix(kind) }
            return kind == "root" ? name == kind : name.hasPrefix(kind) && name.count > kind.count
        }
        guard isKind else { return refuse("is neither a role nor a user", "one like \(form)") }
        return text
    }

    /// An AWS service's host name.
    func service(_ node: Node, _ path: String, impact: String) -> String? {
        guard let text = reader.text(node, path) else { return nil }
        let suffix = [".amazonaws.com", ".amazonaws.com.cn"].first {
            text.hasSuffix($0) && text.count > $0.count
        }
        let isSound =
            suffix != nil
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }
        if isSound { return text }
        let name = text.prefix { $0 != "." }.lowercased()
        let isName =
            !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        reader.error(
            node.location,
            "\(path): \(text) is not a valid name of an AWS service",
            instead: isName ? "\(name).amazonaws.com" : "one like backup.amazonaws.com",
            impact: impact
        )
        return nil
    }

    func readRequiredTags(_ top: Fields, into policy: inout Policy) {
        policy.requiredTags = top.items("required_tags").compactMap(requiredTag)
    }

    private func requiredTag(_ node: Node) -> Policy.RequiredTag? {
        let path = "required_tags"
        guard let fields = reader.fields(node, "required_tags[]") else { return nil }
        needed(fields, "resource", "image or snapshot")
        needed(fields, "key", "the tag's key")
        let resource = fields.word("resource", Policy.RequiredTag.Resource.self)
        let key = fields.value("key") { node, name in
            reader.text(node, name).flatMap { tagKey($0, node.location, path) }
        }
        let value = fields.text("value", allowEmpty: true)
        let pattern = fields.text("pattern", allowEmpty: true)
        if fields["value"] != nil, let location = fields.location(of: "pattern") {
            reader.error(location, "\(path): both value and pattern are given", instead: "one of the two")
        }
        var minutes = 0
        fields.integer("grace_minutes", 0...525_600, into: &minutes)
        if resource == .snapshot, minutes > 0, let location = fields.location(of: "grace_minutes") {
            reader.warn(location, "grace_minutes has no effect on snapshots: the creating call alone decides")
        }
        guard let resource, let key else { return nil }
        let requirement: Policy.RequiredTag.Requirement =
            value.map { .value(ExactText($0)) } ?? pattern.map { .pattern(Pattern($0)) } ?? .present
        return Policy.RequiredTag(
            resource: resource,
            key: key,
            requirement: requirement,
            graceMinutes: minutes
        )
    }

    /// Whether a key is there that must be; says so when it is not.
    @discardableResult
    func needed(_ fields: Fields, _ key: String, _ what: String, impact: String? = nil) -> Bool {
        if fields[key] != nil { return true }
        reader.error(
            fields.location,
            "\(DocumentReader.plain(fields.path)): \(key) is missing",
            instead: "\(key): \(what)",
            impact: impact
        )
        return false
    }
}
