import AWSPolicies
import CloudTrail
import Synchronization

/// What has been worked out of EC2 declarative policies: their contents, and what some of them make together.
///
/// What is remembered changes how long judging takes, and nothing else.
final class PolicyContents: Sendable {
    /// What one policy says.
    final class Content: Sendable {
        let tree: PolicyTree
        /// Tells contents apart.
        fileprivate let number: Int

        fileprivate init(_ tree: PolicyTree, _ number: Int) { (self.tree, self.number) = (tree, number) }
    }

    private struct Known {
        var count = 0
        /// By where the list is in memory, which is held so that nothing else can be there.
        var contents: [UInt: (packed: [ExactText], content: Content)] = [:]
        var settings: [[[Int]]: EC2Settings] = [:]
    }

    private let known = Mutex(Known())

    /// With so many of either, all of them are forgotten.
    private static let maximumCount = 1024

    /// The content of one of the policy's files.
    func content(of tree: PolicyTree) -> Content {
        known.withLock { known in
            known.count += 1
            return Content(tree, known.count)
        }
    }

    /// The content that a call tells: `allowed_images_settings.state @@assign`, then each value behind a `=`.
    func content(of packed: [ExactText]) -> Content {
        let place = packed.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        if let content = known.withLock({ $0.contents[place]?.content }) { return content }
        let tree = PolicyTree(packed: packed)
        return known.withLock { known in
            known.count += 1
            let content = Content(tree, known.count)
            if packed.isEmpty { return content }
            if known.contents.count >= Self.maximumCount { known.contents = [:] }
            known.contents[place] = (packed, content)
            return content
        }
    }

    /// What the policies of each level make together, the root first; those of a level in the order of attachment.
    func settings(_ levels: [[Content]]) -> EC2Settings {
        let numbers = levels.map { $0.map(\.number) }
        if let settings = known.withLock({ $0.settings[numbers] }) { return settings }
        let settings = EC2Settings(EffectivePolicy(levels.map { $0.map(\.tree) }))
        known.withLock { known in
            if known.settings.count >= Self.maximumCount { known.settings = [:] }
            known.settings[numbers] = settings
        }
        return settings
    }
}

extension PolicyTree {
    /// What a call keeps of a policy.
    fileprivate init(packed: [ExactText]) {
        var settings: [[String]: Setting] = [:]
        var rest = packed.map(\.string)[...]
        while let line = rest.popFirst() {
            let values = rest.prefix { $0.hasBytes(prefix: "=") }.map { String($0.dropFirst()) }
            rest = rest.drop { $0.hasBytes(prefix: "=") }
            let words = line.split(separator: " ")
            guard words.count == 2 else { continue }
            let path = ["ec2_attributes"] + words[0].split(separator: ".").map(String.init)
            var setting = settings[path] ?? Setting()
            switch PolicyOperator(rawValue: String(words[1])) {
            case .assign: setting.assign = .list(values)
            case .append: setting.append += values
            case .remove: setting.remove += values
            case nil:
                guard words[1] == "@@operators_allowed_for_child_policies" else { continue }
                let names = values.map { $0.lowercased() }
                setting.allowed =
                    names.contains("@@all")
                    ? Set(PolicyOperator.allCases) : Set(names.compactMap(PolicyOperator.init))
            }
            settings[path] = setting
        }
        self.init(settings)
    }
}
