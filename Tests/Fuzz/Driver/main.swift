import CFuzzer
import Foundation
import Glibc

// Fuzz list                        the targets' names
// Fuzz prepare TARGET FOLDER       the inputs that a run begins with, each in a file, and a dictionary of their words
// Fuzz keep FOLDER                 the inputs in a folder as the repository keeps them: Corpus/TARGET.txt
// Fuzz run TARGET [OPTION…]        fuzzes, with libFuzzer's options

func fail(_ words: String) -> Never {
    FileHandle.standardError.write(Data("Fuzz: \(words)\n".utf8))
    exit(2)
}

func target(_ name: String) -> any FuzzTarget.Type {
    guard let found = Fuzzing.targets.first(where: { $0.name == name }) else { fail("no target \(name)") }
    return found
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("list", 1):
    for target in Fuzzing.targets { print(target.name) }
case ("prepare", 3):
    try Preparation(target(arguments[1])).write(to: arguments[2])
case ("keep", 2):
    let names = try FileManager.default.contentsOfDirectory(atPath: arguments[1]).sorted()
    for name in names {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(arguments[1])/\(name)")))
        if !bytes.isEmpty { print(KeptInput.line(bytes)) }
    }
case ("run", 2...):
    try Session.begin(target(arguments[1]))
    var options = ([CommandLine.arguments[0]] + arguments.dropFirst(2)).map { strdup($0) }
    var count = Int32(options.count)
    options.append(nil)
    options.withUnsafeMutableBufferPointer { options in
        var start = options.baseAddress
        exit(LLVMFuzzerRunDriver(&count, &start) { Session.take($0, $1) })
    }
default: fail("list | prepare TARGET FOLDER | keep FOLDER | run TARGET [OPTION…]")
}
