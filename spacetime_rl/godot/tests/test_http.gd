extends RLTest
## The HTTP server: when there is one, and how it reads requests.


func test_a_release_export_has_no_server_unless_its_project_says_so() -> void:
	var asked: PackedStringArray = ["--http_port=8080"]
	check(RLHttpSettings.new(asked, true).why_off == "", "a debug build that was asked has one")
	check("in_release_exports" in RLHttpSettings.new(asked, false).why_off, "a release build has none")
	check("in_release_exports" in RLHttpSettings.new([], false).why_off, "an autoload in a release build has none")
	ProjectSettings.set_setting("spacetime_rl/http/in_release_exports", true)
	check(RLHttpSettings.new(asked, false).why_off == "", "a release build whose project says so has one")
	ProjectSettings.set_setting("spacetime_rl/http/in_release_exports", null)


func test_who_has_a_server() -> void:
	check(not RLHttpSettings.is_wanted([]), "nobody asked")
	check(RLHttpSettings.is_wanted(["--http_port=9000"]), "the command line asked")
	check(not RLHttpSettings.is_wanted(["--http_port=0"]), "the command line said no")
	check(RLHttpSettings.new([], true).why_off == "", "an autoload")
	check_equal(RLHttpSettings.new([], true).port, 8080, "its port")
	check_equal(RLHttpSettings.new([], true).host, "127.0.0.1", "its address")
	check(not RLHttpSettings.new([], true).tries_next_ports, "it takes this port or none")
	check(RLHttpSettings.new(["--http_port=0"], true).why_off != "", "an autoload that was switched off")
	check(RLHttpSettings.new(["--http_port=70000"], true).why_off != "", "a port that is none")
	check(RLHttpSettings.new(["--port=1234"], true).why_off != "", "a training that did not ask")
	check(RLHttpSettings.new(["--port=1234", "--http_port=9000"], true).why_off == "", "a training that asked")
	OS.set_environment(RLHttpSettings.TOKEN_VARIABLE, "schl\u00fcssel")
	check("ASCII" in RLHttpSettings.new([], true).why_off, "a token that no request can repeat")
	OS.set_environment(RLHttpSettings.TOKEN_VARIABLE, "")
	ProjectSettings.set_setting("spacetime_rl/http/enabled", false)
	check(RLHttpSettings.new([], true).why_off != "", "an autoload in a project that says no")
	ProjectSettings.set_setting("spacetime_rl/http/enabled", true)
	check(RLHttpSettings.is_wanted([]), "a project that says yes")
	ProjectSettings.set_setting("spacetime_rl/http/enabled", null)


func test_only_this_machine_may_be_meant() -> void:
	var settings := RLHttpSettings.new([], true)
	for host: String in ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LocalHost", "[::1]:8080", ""]:
		check(settings.allows_host(host), "%s is this machine" % host)
	for host: String in ["games.example", "games.example:8080", "127.0.0.1.games.example", "10.0.0.1:8080"]:
		check(not settings.allows_host(host), "%s is another" % host)


func test_text_that_the_engine_would_complain_of_is_known_before() -> void:
	for text: String in ["", "plain", "é", "€", "𝄞", "a\nb"]:
		check(RLHttpRequest.is_utf8(text.to_utf8_buffer()), "%s is UTF-8" % text)
	for bytes: Array in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0], [0x80]]:
		check(not RLHttpRequest.is_utf8(PackedByteArray(bytes)), "%s is not" % str(bytes))


func test_a_request_is_read_when_it_is_complete() -> void:
	var whole := 'POST /scene?x=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"a": 1}\nGET'
	var bytes := whole.to_utf8_buffer()
	for length: int in bytes.size() - 3:
		check(RLHttpRequest.read(bytes.slice(0, length)) == null, "%d bytes are not enough" % length)
	var request := RLHttpRequest.read(bytes)
	check_equal(request.method, "POST")
	check_equal(request.path, "/scene")
	check_equal(request.body, {"a": 1.0})
	check_equal(request.size, bytes.size() - 3)
	check(request.problem == null, "nothing is wrong")
	check(request.keeps_open, "the client may go on")


func test_numbers_that_json_lacks_become_null() -> void:
	check_equal(
		RLHttpReply.plain({&"a": [NAN, INF, 1.5], "b": Vector3.ONE}), {"a": [null, null, 1.5], "b": [1.0, 1.0, 1.0]}
	)
