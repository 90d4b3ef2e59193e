import Configuration
import TestSupport
import Testing

/// What is put into a line for people cannot end the line, or steer a terminal.
struct OneLineTests {
    @Test("100,000 hostile texts: one line each, nothing that steers, and once is enough")
    func hostile() {
        var hostile = HostileText(seed: 17)
        var changed = 0
        for _ in 0..<100_000 {
            let text = hostile.text()
            let line = text.oneLine
            let steering = line.unicodeScalars.contains {
                $0.value < 0x20 || 0x7F..<0xA0 ~= $0.value || $0.properties.isBidiControl
                    || $0.properties.generalCategory == .format
            }
            #expect(!steering, "\(text.unicodeScalars.map(\.value))")
            #expect(line.oneLine.utf8.elementsEqual(line.utf8))
            let diagnostic = Diagnostic(
                .error,
                at: FileLocation(file: text, line: 1, column: 1),
                text,
                instead: text
            )
            #expect(!diagnostic.description.utf8.contains(0x0A) && !diagnostic.json.utf8.contains(0x1B))
            if !line.utf8.elementsEqual(text.utf8) { changed += 1 }
        }
        #expect(changed > 50_000)
    }
}
