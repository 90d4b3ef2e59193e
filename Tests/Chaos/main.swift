import Foundation
import Glibc

// Breaks workers and brokers by a schedule that a seed decides, and compares what they told with a replay.

do {
    let settings = try Settings(CommandLine.arguments.dropFirst())
    let isSound = settings.soakMinutes > 0 ? try Soak.run(settings) : try ChaosRun.run(settings)
    exit(isSound ? 0 : 1)
} catch let error as UsageError {
    FileHandle.standardError.write(Data("chaos: \(error)\n".utf8))
    exit(2)
} catch {
    FileHandle.standardError.write(Data("chaos: \(error)\n".utf8))
    exit(1)
}
