import Foundation

/// What is asked for.
struct Settings {
    /// Decides everything that is left to chance.
    var seed: UInt64 = 1
    /// SIGKILLs and SIGSTOPs, of workers and brokers.
    var kills = 200
    /// Records, repeats left out; one in twenty is of a watched call.
    var records = 200_000
    /// A soak of so many minutes instead; 0 for none.
    var soakMinutes = 0
    /// Records a second of a soak; 0 for half of what the workers can take.
    var rate = 0
    /// The program that is tested: the one beside this one.
    var amiwatch = Self.folder + "/amiwatch"
    /// Where logs, records and alerts are left.
    var folder = ".build/chaos"
    /// Whether they are left also when all is well.
    var keeps = false

    static let usage = """
        chaos --seed N --kills N --records N
        chaos --soak MINUTES [--rate N]
              --amiwatch PATH   the program that is tested
              --folder PATH     where logs, records and alerts are left when something is wrong: .build/chaos
              --keep            leave them also when all is well
        """

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let name = rest.popFirst() {
            if name == "--keep" {
                keeps = true
                continue
            }
            guard let value = rest.popFirst() else { throw UsageError(description: "\(name) needs a value") }
            switch name {
            case "--seed": seed = UInt64(try Self.number(value, of: name))
            case "--kills": kills = try Self.number(value, of: name)
            case "--records": records = try Self.number(value, of: name)
            case "--soak", "--minutes": soakMinutes = try Self.number(value, of: name)
            case "--hours": soakMinutes = 60 * (try Self.number(value, of: name))
            case "--rate": rate = try Self.number(value, of: name)
            case "--amiwatch": amiwatch = value
            case "--folder": folder = value
            default: throw UsageError(description: "\(name) is unknown\n\(Self.usage)")
            }
        }
    }

    private static func number(_ text: String, of name: String) throws -> Int {
        guard let number = Int(text.split(separator: "_").joined()), number >= 0 else {
            throw UsageError(description: "\(name) needs a number, not \(text)")
        }
        return number
    }

    /// The folder of this program.
    private static let folder: String = {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: path).deletingLastPathComponent().path
    }()
}

/// What was wrong with the command line.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// Why a run could not go on.
struct ChaosError: Error, CustomStringConvertible {
    let description: String
}
