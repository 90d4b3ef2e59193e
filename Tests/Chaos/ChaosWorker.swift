import Foundation
import Glibc
import KafkaTestSupport

/// One worker: the program itself, with its log and its small disk, over as many lives as it has.
final class ChaosWorker {
    let name: String
    let log: String
    private let snapshots: String
    private let command: [String]
    private var process: ChildProcess?
    private(set) var isFrozen = false
    /// Where the log of this life begins.
    private var begin = 0
    /// Whether its snapshots lie on a disk of their own, which can be filled.
    private let hasSmallDisk: Bool

    /// A worker that does not run yet.
    init(_ name: String, in folder: String, command: [String]) throws {
        self.name = name
        self.command = command
        snapshots = "\(folder)/\(name)/snapshots"
        log = "\(folder)/\(name).log"
        try FileManager.default.createDirectory(atPath: snapshots, withIntermediateDirectories: true)
        let mount = try runCommand(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", snapshots])
        hasSmallDisk = mount.status == 0
    }

    private var environment: [String: String] {
        ["AMIWATCH_INSTANCE_ID": name, "AMIWATCH_STATE_SNAPSHOT_DIR": snapshots]
    }

    deinit {
        process?.signal(SIGKILL)
        if hasSmallDisk { _ = try? runCommand(["umount", "-l", snapshots]) }
    }

    var isRunning: Bool { process != nil }

    var pid: pid_t? { process?.pid }

    /// Why it has ended, when nobody ended it.
    func takeUnexpectedEnd() -> Int32? {
        guard let status = process?.exitStatus() else { return nil }
        process = nil
        isFrozen = false
        return status
    }

    // MARK: Its lives

    func start() throws {
        guard process == nil else { return }
        begin = logBytes
        process = try ChildProcess(
            command,
            environment: environment,
            output: log,
            errors: log
        )
    }

    /// As a crash would.
    func kill() {
        process?.signal(SIGKILL)
        _ = process?.wait(timeout: patience)
        process = nil
        isFrozen = false
    }

    func freeze() {
        process?.signal(SIGSTOP)
        isFrozen = process != nil
    }

    func resume() {
        process?.signal(SIGCONT)
        isFrozen = false
    }

    /// Ends it in order; its exit status, nil when it did not run or does not end.
    func end() -> Int32? {
        guard let process else { return nil }
        resume()
        process.signal(SIGTERM)
        let status = process.wait(timeout: patience)
        self.process = nil
        return status
    }

    /// Reads everything that there is, alone, and ends.
    ///
    /// - Throws: ``ChaosError`` when it does not end well.
    func runToEnd() throws {
        let process = try ChildProcess(
            command + ["--until-end"],
            environment: environment,
            output: log,
            errors: log
        )
        let status = process.wait(timeout: patience * 2)
        guard status == 0 else {
            throw ChaosError(description: "the last worker ended with status \(status ?? -1)")
        }
    }

    /// Asks it to look at its policy, unless it is about to read it.
    func hangUp() { if hasStarted { process?.signal(SIGHUP) } }

    /// Whether it has found its brokers and topics, in this life.
    var hasStarted: Bool {
        guard let file = FileHandle(forReadingAtPath: log) else { return false }
        defer { try? file.close() }
        file.seek(toFileOffset: UInt64(begin))
        return String(decoding: file.readDataToEndOfFile(), as: UTF8.self).contains("\"started\"")
    }

    private var logBytes: Int {
        var status = stat()
        return stat(log, &status) == 0 ? Int(status.st_size) : 0
    }

    // MARK: Its disk

    /// Takes all the room that is left; false when it has no disk of its own.
    func fill() -> Bool {
        guard hasSmallDisk, let file = fopen("\(snapshots)/filler", "w") else { return false }
        defer { fclose(file) }
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        while fwrite(zeros, 1, zeros.count, file) == zeros.count, fflush(file) == 0 {}
        return true
    }

    func makeRoom() { unlink("\(snapshots)/filler") }

    /// The snapshots, and what is being written of one.
    private var files: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: snapshots)) ?? []
        return names.filter { $0.contains(".snapshot") }.map { "\(snapshots)/\($0)" }
    }

    func deleteSnapshots() { for file in files { unlink(file) } }

    /// Changes a byte in the middle of each, or cuts its end off.
    func spoilSnapshots(cuts: Bool) {
        for file in files {
            let descriptor = open(file, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            let size = lseek(descriptor, 0, SEEK_END)
            if cuts {
                ftruncate(descriptor, size / 2)
            } else {
                var byte: UInt8 = 0
                pread(descriptor, &byte, 1, size / 2)
                byte ^= 1
                pwrite(descriptor, &byte, 1, size / 2)
            }
        }
    }

    /// Bytes on its disk.
    var diskBytes: Int {
        files.reduce(0) { sum, file in
            var status = stat()
            return sum + (stat(file, &status) == 0 ? Int(status.st_size) : 0)
        }
    }

    /// What its allocator has given out, as it last logged: once a minute.
    var heapBytes: Int { lines(with: "\"progress\"").last?["heap_bytes"] as? Int ?? 0 }

    /// What it has logged with these words, each line read as JSON.
    func lines(with words: String) -> [[String: Any]] {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.contains(words) }.compactMap { object(of: $0) }
    }
}

/// A JSON object.
func object(of text: some StringProtocol) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
}
