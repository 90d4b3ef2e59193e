/// A management policy's content as AWS Organizations merges it: settings by path, each with its operators.
///
/// Names are folded to lower case, as Organizations compares them.
public struct PolicyTree: Hashable, Sendable {
    /// What one policy says of one setting.
    public struct Setting: Hashable, Sendable {
        /// `@@assign`: the value, whatever it was.
        public var assign: PolicyValue?
        /// `@@append`: members that a list gets in addition.
        public var append: [String] = []
        /// `@@remove`: members that a list loses.
        public var remove: [String] = []
        /// Which operators policies further down may use; nil where it says nothing.
        public var allowed: Set<PolicyOperator>?

        /// Says nothing.
        public init() {}
    }

    /// The settings by their path, as `["ec2_attributes", "allowed_images_settings", "state"]`.
    public var settings: [[String]: Setting]

    /// A policy that gives some settings.
    public init(_ settings: [[String]: Setting]) { self.settings = settings }
}

/// A value of a setting: numbers and booleans are text, as in the effective policy that AWS shows.
public enum PolicyValue: Hashable, Sendable {
    case text(String)
    case list([String])
}

/// What a policy may do to a value that it inherits.
public enum PolicyOperator: String, CaseIterable, Sendable {
    case assign = "@@assign"
    case append = "@@append"
    case remove = "@@remove"
}
