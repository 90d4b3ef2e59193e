public import AWSPolicies
public import CloudTrail

extension Policy {
    /// A statement of an IAM or service control policy that calls are judged by.
    public struct IAMStatement: Sendable {
        /// Where it stands: the file as the policy names it, and its `Sid`, or its index where it has none.
        public var name: ExactText
        /// The document that it is part of: what one `Allow` of it leaves out another one may allow.
        public var document: Int
        /// The statement.
        public var statement: Statement

        /// A statement with its place.
        public init(name: ExactText, document: Int, statement: Statement) {
            self.name = name
            self.document = document
            self.statement = statement
        }
    }
}

extension Policy {
    /// What statements ask of callers' sessions, in conditions and in variables.
    public var sessionKeys: SessionKeys {
        JudgingStatement.all(iamStatements).reduce(into: []) { $0.formUnion($1.sessionKeys) }
    }
}

extension Policy.IAMStatement {
    /// The actions that calls are judged of: those that use images, make, share or tag them, and those that change the
    /// guardrails.
    public static let actions = EC2Action.all.filter { EventNames.authorised.contains($0.name) }

    /// The actions among them that it speaks of.
    public var actions: [EC2Action] {
        Self.actions.filter { statement.concerns(action: $0.qualifiedName) }
    }
}

extension Statement {
    /// Whether it may speak of some resource of a type.
    public func mayCover(_ type: String) -> Bool {
        switch resources {
        case .only(let entries): entries.contains { $0.mayCover(type) }
        case .allBut(let entries): !entries.contains { $0.source == "*" || $0.source.hasSuffix(":\(type)/*") }
        }
    }

    /// Whether it speaks of an action that is authorised on no resource.
    public var coversNoResource: Bool {
        switch resources {
        case .only(let entries): entries.contains { $0.source == "*" }
        case .allBut(let entries): !entries.contains { $0.source == "*" }
        }
    }
}

extension Operand {
    /// Whether some ARN of a type may match it; each variable could be anything.
    fileprivate func mayCover(_ type: String) -> Bool {
        let text = source.replacing(/\$\{[^}]*\}/, with: "*")
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6 else { return true }
        return Pattern(String(parts[2])).matches("ec2")
            && Pattern(String(parts[5])).meets(Pattern("\(type)/*"))
    }
}
