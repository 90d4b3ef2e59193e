import CloudTrail

/// AWS's identifiers, each with the slips that people make in writing it.
extension DocumentReader {
    /// A 12-digit account id in quotes.
    func account(_ node: Node, _ path: String, impact: String? = nil) -> AccountID? {
        guard case .scalar(let text, let style) = node.value else {
            mismatch(node, path, "an account id", instead: nil)
            return nil
        }
        let digits = text.filter { $0.isASCII && $0.isNumber }
        let padded = String(repeating: "0", count: max(0, 12 - digits.count)) + digits
        let onlyDigits = !digits.isEmpty && digits.count == text.count
        if style == .plain, PlainScalar(text) == .number {
            let reading =
                text.hasPrefix("0") && digits.allSatisfy { $0 < "8" }
                ? "as an octal number (\(Int(digits, radix: 8).map { String($0) } ?? "too large"))"
                : text.hasPrefix("0") ? "as a number and drops its leading zeros" : "as a number"
            error(
                node.location,
                "account id \(text) is not quoted, so YAML reads it \(reading)",
                instead: digits.count <= 12 && onlyDigits ? "\"\(padded)\"" : "the 12 digits in quotes",
                impact: impact
            )
            return nil
        }
        if let account = AccountID(text) { return account }
        let separated = AccountID(digits) != nil && text.allSatisfy { $0.isNumber || $0 == "-" || $0 == " " }
        let problem: String =
            if text.isEmpty || text == "~" {
                "\(path): an account id is missing here"
            } else if padded.allSatisfy({ $0 == "0" }) && onlyDigits {
                "\(text) is not a valid account id"
            } else if onlyDigits { "account id \(text) has \(digits.count) digits, not 12" } else {
                "\(path): \(text) is not a valid account id: 12 digits"
            }
        error(node.location, problem, instead: separated ? "\"\(digits)\"" : nil, impact: impact)
        return nil
    }

    /// Each item of a list, read in the same way; an item that stands twice is worth a warning.
    func list<Item>(_ node: Node, _ path: String, _ read: (Node) -> Item?) -> [Item] {
        guard let items = items(node, path) else { return [] }
        var seen: Set<ExactText> = []
        return items.compactMap { node in
            guard let item = read(node) else { return nil }
            guard seen.insert("\(item)").inserted else {
                warn(node.location, "\(path) names \(item) twice")
                return nil
            }
            return item
        }
    }

    /// As `list`, of texts that are compared.
    func exactList(_ node: Node, _ path: String, _ read: (Node) -> String?) -> [ExactText] {
        list(node, path) { read($0).map { ExactText($0) } }
    }

    /// An id of the form `o-…`; of its ARN, the id is proposed.
    func organization(_ node: Node, _ path: String) -> String? {
        identifier(node, path, "organization id", form: "o-exampleorgid") { text in
            let rest = text.hasPrefix("o-") ? text.dropFirst(2) : ""
            return (10...32).contains(rest.count) && rest.allSatisfy(\.isLowerAlphanumeric)
        }
    }

    /// An id of the form `ou-…`.
    func organizationalUnit(_ node: Node, _ path: String) -> String? {
        identifier(node, path, "organizational unit id", form: "ou-ab12-cdef3456", where: Self.isUnit)
    }

    /// The id of a policy of AWS Organizations, of the form `p-…`.
    func policy(_ node: Node, _ path: String) -> String? {
        identifier(node, path, "policy id", form: "p-0123456789") { text in
            let rest = text.hasPrefix("p-") ? text.dropFirst(2) : ""
            return (8...128).contains(rest.count) && rest.allSatisfy { $0 == "_" || $0.isLowerAlphanumeric }
        }
    }

    /// Where a declarative policy is attached: `r-…`, `ou-…` or an account.
    func target(_ node: Node, _ path: String) -> String? {
        if case .scalar(let text, _) = node.value, text.first?.isNumber == true {
            return account(node, path)?.description
        }
        return identifier(
            node,
            path,
            "id of a root, an organizational unit or an account",
            form: "ou-ab12-cdef3456"
        ) { text in
            let root = text.hasPrefix("r-") ? text.dropFirst(2) : ""
            return Self.isUnit(text)
                || ((4...32).contains(root.count) && root.allSatisfy(\.isLowerAlphanumeric))
        }
    }

    private static func isUnit(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "ou" && (4...32).contains(parts[1].count)
            && (8...32).contains(parts[2].count)
            && parts[1...].allSatisfy { $0.allSatisfy(\.isLowerAlphanumeric) }
    }

    /// An id of the form `ami-…` with 17 (formerly 8) hexadecimal digits.
    func image(_ node: Node, _ path: String) -> String? {
        identifier(node, path, "image id", form: "ami-0abcd1234abcd1234") { text in
            let digits = text.hasPrefix("ami-") ? text.dropFirst(4) : ""
            return (digits.count == 17 || digits.count == 8)
                && digits.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
        }
    }

    private func identifier(
        _ node: Node,
        _ path: String,
        _ what: String,
        form: String,
        where isSound: (String) -> Bool
    ) -> String? {
        guard let text = text(node, path) else { return nil }
        if isSound(text) { return text }
        // An ARN ends in the id; letters in upper case and white space around it are slips.
        let last = text.split(separator: "/").last.map(String.init) ?? text
        let repaired = String(last.lowercased().filter { !$0.isWhitespace })
        error(
            node.location,
            "\(path): \(text) is not a valid \(what)",
            instead: isSound(repaired) ? repaired : "one like \(form)"
        )
        return nil
    }

    /// An owner of images: 12 digits, or one of AWS's aliases.
    func owner(_ node: Node, _ path: String) -> String? {
        guard case .scalar(let text, let style) = node.value, text.first?.isNumber != true else {
            return account(node, path)?.description
        }
        if ImageCriterionLimits.ownerAliases.contains(text) { return text }
        if text == "self" {
            error(
                node.location,
                "\(path): self is nobody when there are many accounts",
                instead: "the account's 12 digits in quotes"
            )
            return nil
        }
        if style == .plain, PlainScalar(text) != .text { return self.text(node, path) }
        error(
            node.location,
            "\(path): \(text) is not a valid owner: neither an account id nor an alias of AWS's",
            instead: NearestName.of(text, in: ImageCriterionLimits.ownerAliases)
                ?? "12 digits in quotes, or one of "
                + ImageCriterionLimits.ownerAliases.joined(separator: ", ")
        )
        return nil
    }

    /// A pattern of image names within what AWS allows as a name.
    func imageName(_ node: Node, _ path: String) -> String? {
        guard let text = text(node, path) else { return nil }
        guard let problem = ImageCriterionLimits.problem(inName: text) else { return text }
        error(node.location, "\(path): \(text) matches no image name: \(problem)")
        return nil
    }

    /// A pattern of names of S3 buckets; of an ARN or a URL, the name is proposed.
    func bucket(_ node: Node, _ path: String) -> String? {
        guard let text = text(node, path) else { return nil }
        func isSound(_ text: String) -> Bool {
            !text.isEmpty && text.utf8.count <= 255
                && text.allSatisfy {
                    $0.isASCII && ($0.isLetter || $0.isNumber || ".-_*?".contains($0))
                }
        }
        if isSound(text) { return text }
        let name = text.split(whereSeparator: { ":/".contains($0) }).dropFirst().first {
            !["aws", "aws-cn", "aws-us-gov", "s3"].contains($0)
        }
        error(
            node.location,
            "\(path): \(text) is not the name of an S3 bucket",
            instead: name.map { String($0) }.flatMap { isSound($0) ? $0 : nil } ?? "one like golden-images-*",
            impact: "it would match no bucket"
        )
        return nil
    }

    func region(_ node: Node, _ path: String) -> String? {
        guard let text = text(node, path) else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isSound =
            parts.count >= 3
            && parts.dropLast().allSatisfy { $0.count >= 2 && $0.allSatisfy(\.isLowerLetter) }
            && parts.last?.count == 1 && parts.last?.first?.isDigit == true
        if isSound { return text }
        error(node.location, "\(path): \(text) is not a valid Region", instead: "one like us-east-1")
        return nil
    }
}

extension Character {
    // An accent on a letter is between a and z, too.
    fileprivate var isLowerLetter: Bool { isASCII && ("a"..."z").contains(self) }
    fileprivate var isDigit: Bool { isASCII && ("0"..."9").contains(self) }
    fileprivate var isLowerAlphanumeric: Bool { isLowerLetter || isDigit }
}
