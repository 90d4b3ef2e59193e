import CloudTrail

/// What EC2 accepts in an image criterion: API reference, `ImageCriterionRequest`.
enum ImageCriterionLimits {
    static let criteria = 10
    static let providers = 200
    static let names = 50
    static let productCodes = 50
    /// Owner aliases of the EC2 API; a declarative policy spells them with underscores.
    static let ownerAliases = ["amazon", "aws-marketplace", "aws-backup-vault"]
    /// Stands alone, for the account's own images only.
    static let none = "none"

    /// What is wrong with a name or pattern of names; nil when nothing is.
    static func problem(inName name: String) -> String? {
        let length = name.unicodeScalars.count
        if length > 128 { return "it has \(length) characters, and a name has 128 at most" }
        if name.contains("?"), length < 3 { return "with ? it needs at least 3 characters" }
        let wrong = name.unicodeScalars.first { scalar in
            !(("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || "()[]./-'@_*? ".unicodeScalars.contains(scalar))
        }
        return wrong.map { "no name contains \"\(String($0).oneLine)\"" }
    }

    /// Whether a Marketplace product code has the right form.
    static func isProductCode(_ code: String) -> Bool {
        (1...25).contains(code.count) && code.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}

extension DocumentReader {
    /// A Marketplace product code.
    func productCode(_ node: Node, _ path: String, impact: String) -> String? {
        guard let code = text(node, path) else { return nil }
        if ImageCriterionLimits.isProductCode(code) { return code }
        error(
            node.location,
            "\(path): \(code) is not a valid product code: 1 to 25 letters and digits",
            impact: impact
        )
        return nil
    }

    /// Says that an account among providers lacks its quotes.
    func unquoted(account text: String, _ node: Node, _ path: String, impact: String) {
        let padded = String(repeating: "0", count: max(0, 12 - text.count)) + text
        error(
            node.location,
            "\(path): account id \(text) is not in quotes, so JSON reads it as a number",
            instead: AccountID(padded).map { "\"\($0)\"" } ?? "the 12 digits in quotes",
            impact: impact
        )
    }
}
