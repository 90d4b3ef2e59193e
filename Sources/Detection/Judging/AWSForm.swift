public import CloudTrail

/// The forms in which AWS writes what a command names, compared byte by byte.
public enum AWSForm {
    /// `ami-` and 8 or 17 lower-case hexadecimal digits; `import-ami-` for an import task.
    public static func isImage(_ id: ResourceID) -> Bool {
        if case .image = id { return true }
        return isResource(id, "ami-") || isResource(id, "import-ami-")
    }

    /// `i-` and 8 or 17 lower-case hexadecimal digits.
    static func isInstance(_ id: ResourceID) -> Bool {
        if case .instance = id { return true }
        return isResource(id, "i-")
    }

    /// `snap-` and 8 or 17 lower-case hexadecimal digits.
    static func isSnapshot(_ id: ResourceID) -> Bool { isResource(id, "snap-") }

    private static func isResource(_ id: ResourceID, _ prefix: StaticString) -> Bool {
        let text = id.description.utf8
        guard let digits = rest(of: text, after: prefix) else { return false }
        return (digits.count == 8 || digits.count == 17)
            && digits.allSatisfy { isDigit($0) || 0x61...0x66 ~= $0 }
    }

    /// 3 to 128 letters, digits, `.`, `_` and `-`.
    static func isTrail(_ name: ExactText) -> Bool {
        3...128 ~= name.string.utf8.count && isWord(name.string)
    }

    /// `us-east-1`, `us-gov-west-1`, `us-isob-east-1`: words of lower-case letters, and a number.
    static func isRegion(_ name: String) -> Bool {
        guard name.utf8.count <= 32 else { return false }
        var (parts, letters, digits) = (1, 0, 0)
        for byte in name.utf8 {
            if byte == dash {
                // A word ends; there is none behind the number.
                guard letters > 0, digits == 0 else { return false }
                (parts, letters) = (parts + 1, 0)
            } else if isLetter(byte), digits == 0 {
                letters += 1
            } else if isDigit(byte), letters == 0 {
                digits += 1
            } else {
                return false
            }
        }
        return 3...5 ~= parts && letters == 0 && 1...2 ~= digits
    }

    /// `arn:aws:organizations::<account>:organization/o-…`, in any partition.
    static func isOrganization(_ arn: String) -> Bool {
        guard let path = organizationsPath(arn, "organization"), path.count == 1 else { return false }
        return isOrganizationID(path[0])
    }

    /// `arn:aws:organizations::<account>:ou/o-…/ou-…-…`, in any partition.
    static func isUnit(_ arn: String) -> Bool {
        guard let path = organizationsPath(arn, "ou"), path.count == 2, isOrganizationID(path[0])
        else { return false }
        return isUnitID(path[1])
    }

    /// `p-` and 8 to 128 letters, digits and `_`.
    static func isPolicy(_ id: String) -> Bool {
        guard let rest = rest(of: id.utf8, after: "p-") else { return false }
        return 8...128 ~= rest.count && rest.allSatisfy { isAlphanumeric($0) || $0 == 0x5F }
    }

    /// `r-…`, `ou-…-…` or an account.
    static func isPlaceInOrganization(_ id: String) -> Bool {
        if let rest = rest(of: id.utf8, after: "r-") { return isID(rest, 4...32) }
        return isUnitID(id.utf8[...]) || AccountID(id) != nil
    }

    private static func isUnitID(_ id: Substring.UTF8View) -> Bool {
        guard let rest = rest(of: id, after: "ou-") else { return false }
        let parts = rest.split(separator: dash, omittingEmptySubsequences: false)
        return parts.count == 2 && isID(parts[0], 4...32) && isID(parts[1], 8...32)
    }

    /// What stands behind the kind of resource in an ARN of AWS Organizations.
    private static func organizationsPath(_ arn: String, _ kind: String) -> [Substring.UTF8View]? {
        let parts = arn.utf8.split(separator: 0x3A, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].elementsEqual("arn".utf8), parts[1].count <= 32,
            let partition = rest(of: parts[1], after: "aws"),
            partition.allSatisfy({ $0 == dash || isLetter($0) || isDigit($0) }),
            parts[2].elementsEqual("organizations".utf8), parts[3].isEmpty, AccountID(utf8: parts[4]) != nil
        else { return nil }
        let path = parts[5].split(separator: 0x2F, omittingEmptySubsequences: false)
        return path.first?.elementsEqual(kind.utf8) == true ? Array(path.dropFirst()) : nil
    }

    private static func isOrganizationID(_ id: Substring.UTF8View) -> Bool {
        rest(of: id, after: "o-").map { isID($0, 10...32) } ?? false
    }

    /// Lower-case letters and digits.
    private static func isID(_ text: some Collection<UInt8>, _ count: ClosedRange<Int>) -> Bool {
        count ~= text.count && text.allSatisfy { isLetter($0) || isDigit($0) }
    }

    /// A tag within AWS's limits: 1 to 128 characters of key, up to 256 of value.
    static func isTag(_ key: String, _ value: String) -> Bool {
        1...128 ~= key.unicodeScalars.count && value.unicodeScalars.count <= 256
    }

    /// A text in which neither a shell nor the CLI's shorthand has anything to read: letters, digits, `.`, `_` and
    /// `-`, beginning with a letter or digit.
    static func isWord(_ text: String) -> Bool {
        guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || [dash, 0x2E, 0x5F].contains($0) }
    }

    private static let dash: UInt8 = 0x2D

    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }

    private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || 0x41...0x5A ~= byte
    }

    private static func rest<Text: Collection<UInt8>>(
        of text: Text,
        after prefix: StaticString
    ) -> Text.SubSequence? {
        prefix.withUTF8Buffer { prefix in
            text.starts(with: prefix) ? text.dropFirst(prefix.count) : nil
        }
    }
}
