/// A statement of an IAM or service control policy.
///
/// Source: IAM User Guide, "IAM JSON policy elements".
public struct Statement: Hashable, Sendable {
    /// Whether it allows or denies.
    public enum Effect: Hashable, Sendable { case allow, deny }

    /// What an element or its negation lists.
    public enum Scope<Entry: Hashable & Sendable>: Hashable, Sendable {
        /// `Action`, `Resource`.
        case only([Entry])
        /// `NotAction`, `NotResource`.
        case allBut([Entry])
    }

    /// `Sid`.
    public var sid: String?
    /// `Effect`.
    public var effect: Effect
    /// `Action` or `NotAction`.
    public var actions: Scope<ActionPattern>
    /// `Resource` or `NotResource`.
    public var resources: Scope<Operand>
    /// All must hold.
    public var conditions: [Condition]

    /// A statement from its elements.
    public init(
        sid: String? = nil,
        effect: Effect,
        actions: Scope<ActionPattern>,
        resources: Scope<Operand>,
        conditions: [Condition] = []
    ) {
        self.sid = sid
        self.effect = effect
        self.actions = actions
        self.resources = resources
        self.conditions = conditions
    }

    /// Whether it speaks of an action, as `ec2:RunInstances`, whatever the resource.
    public func concerns(action: String) -> Bool {
        switch actions {
        case .only(let patterns): patterns.contains { $0.matches(action) }
        case .allBut(let patterns): !patterns.contains { $0.matches(action) }
        }
    }

    /// Whether it applies to an action on a resource.
    ///
    /// The resource is an ARN, and nil for an action without resources, which `*` alone covers; the condition keys are those
    /// of the request as they are for this resource.
    public func applies(to action: String, on resource: String?, in context: some RequestContext) -> Truth {
        guard concerns(action: action) else { return .no }
        return covers(resource, context)
            && conditions.reduce(Truth.yes) { $0 && $1.matches(context) }
    }

    private func covers(_ resource: String?, _ context: some RequestContext) -> Truth {
        let (entries, isNegated) =
            switch resources {
            case .only(let entries): (entries, false)
            case .allBut(let entries): (entries, true)
            }
        let isListed = entries.reduce(Truth.no) { $0 || Self.matches($1, resource, context) }
        return isNegated ? !isListed : isListed
    }

    private static func matches(
        _ entry: Operand,
        _ resource: String?,
        _ context: some RequestContext
    ) -> Truth {
        if entry.source == "*" { return .yes }
        guard let resource else { return .no }
        return switch entry.resolved(in: context, takesWildcards: true) {
        case .void: .no
        case .unknown(let keys): .unknown(keys)
        case .pattern(let pattern): Truth(ARNPattern(pattern)?.matches(resource) ?? false)
        }
    }
}

/// Which actions an entry of `Action` or `NotAction` names, compared without case.
public struct ActionPattern: Hashable, Sendable {
    /// As the statement gives it.
    public let source: String
    private let pattern: WildcardPattern

    /// An entry as `ec2:Run*`.
    public init(_ source: String) {
        self.source = source
        var pattern = WildcardPattern()
        for character in source.lowercased().unicodeScalars {
            switch character {
            case "*": pattern.appendAnyText()
            case "?": pattern.appendAnyUnit()
            default: pattern.append(String(character))
            }
        }
        self.pattern = pattern
    }

    /// Whether it names an action, as `ec2:RunInstances`.
    public func matches(_ action: String) -> Bool { pattern.matches(action.lowercased().utf16) }
}
