//! A headless Chromium of one test's own, spoken to over the pipe of its DevTools protocol.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A machine that does other things, too, takes its time with a browser.
const PATIENCE: Duration = Duration::from_secs(60);

/// One page in a browser; both end with this value.
#[derive(Debug)]
pub(super) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    _profile: TempDir,
    sent: u64,
    session: String,
    /// What the page said on its console, and what it threw.
    complaints: Vec<String>,
}

impl Browser {
    /// Starts one, with nothing remembered.
    pub(super) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        // The browser reads commands from its third descriptor and answers on its fourth.
        let mut child = Command::new("sh")
            .args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "chromium"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let commands = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).split(0);
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(Ok(message)) = answers.next() {
                if sender.send(serde_json::from_slice(&message).unwrap_or_default()).is_err() {
                    return;
                }
            }
        });
        let (sent, session, complaints) = (0, String::new(), Vec::new());
        let mut browser = Self { child, commands, messages, _profile: profile, sent, session, complaints };
        let page = browser.tell("Target.createTarget", json!({ "url": "about:blank" }));
        let page = json!({ "targetId": page["targetId"], "flatten": true });
        browser.session = browser.tell("Target.attachToTarget", page)["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.tell(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Sends a command and waits for what it returned.
    fn tell(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        // A browser that did not start does not read this; the answer is then missed below.
        let _ = self.commands.write_all(format!("{message}\0").as_bytes());
        loop {
            let Ok(said) = self.messages.recv_timeout(PATIENCE) else {
                panic!("no answer to {method} from chromium: is it installed? `apt-get install -y chromium`");
            };
            if said["id"] == self.sent {
                assert_eq!(said["error"], Value::Null, "{method}");
                return said["result"].clone();
            }
            self.hear(&said);
        }
    }

    fn hear(&mut self, said: &Value) {
        let of = &said["params"];
        match said["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" | "Log.entryAdded" => self.complaints.push(of.to_string()),
            "Runtime.consoleAPICalled" => self.complaints.push(of["args"].to_string()),
            "Network.loadingFailed" if of["canceled"] != true => self.complaints.push(of.to_string()),
            _ => {}
        }
    }

    pub(super) fn open(&mut self, url: &str) {
        let opened = self.tell("Page.navigate", json!({ "url": url }));
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.until("document.readyState === 'complete'");
    }

    /// The window of a device, in the colours that its user prefers.
    pub(super) fn device(&mut self, width: u32, height: u32, scale: f64, colours: &str) {
        let window = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600 });
        self.tell("Emulation.setDeviceMetricsOverride", window);
        self.tell("Emulation.setScrollbarsHidden", json!({ "hidden": true }));
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": colours }] });
        self.tell("Emulation.setEmulatedMedia", features);
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub(super) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let told = self.tell("Runtime.evaluate", asked);
        assert_eq!(told["exceptionDetails"], Value::Null, "{expression}");
        told["result"]["value"].clone()
    }

    #[track_caller]
    pub(super) fn text(&mut self, selector: &str) -> String {
        self.value(&format!("document.querySelector({selector:?}).innerText")).as_str().unwrap().trim().to_owned()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(super) fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.value(&format!("Boolean({expression})")) != true {
            assert!(begun.elapsed() < PATIENCE, "never true: {expression}; {:?}", self.complaints);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Clicks with the mouse where an element is.
    #[track_caller]
    pub(super) fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const node = document.querySelector({selector:?}); node.scrollIntoView({{ block: 'center' }}); \
             const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let click = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.tell("Input.dispatchMouseEvent", click);
        }
    }

    /// Presses a key that has a name, such as `Tab`.
    pub(super) fn press(&mut self, key: &str, code: u32) {
        for kind in ["keyDown", "keyUp"] {
            let press = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.tell("Input.dispatchKeyEvent", press);
        }
    }

    /// What the window shows, as a PNG in base64.
    pub(super) fn picture(&mut self) -> String {
        self.tell("Page.captureScreenshot", json!({ "format": "png" }))["data"].as_str().unwrap().to_owned()
    }

    /// What the page complained about so far.
    pub(super) fn complaints(&mut self) -> &[String] {
        self.value("1");
        &self.complaints
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
