extends RLTest
## Several tasks for the same players: drawn by weight, seen in the observation, reported with their own metrics.

const SHY := "res://tests/fixtures/touch/shy.tscn"
const CROWD := {"walkers": 2, "jumpers": 1, "room_m": 4.5, "touch_m": 0.0, "max_ticks": 30}
const DECISIONS := 5  # an episode of 30 ticks


func test_the_task_is_drawn_by_weight_from_the_episode_alone() -> void:
	var schedule := RLSchedule.new()
	schedule.task_names = ["often", "never", "seldom"]
	schedule.task_weights = [3.0, 0.0, 1.0]
	var counts := PackedInt32Array([0, 0, 0])
	for episode: int in 4000:
		counts[schedule.task_of(episode)] += 1
	check_equal(counts[1], 0, "of no weight")
	check_close(float(counts[0]) / 4000.0, 0.75, "share", 0.03)
	var again := RLSchedule.new()
	again.task_names = schedule.task_names
	again.task_weights = schedule.task_weights
	check_equal(again.task_of(17), schedule.task_of(17), "the same episode")


func test_agents_see_their_task_and_report_its_metrics() -> void:
	var game := _start([_task("touch"), _task("shy", SHY)])
	var spec: Dictionary = game.info["spec"]
	var fields: Array = spec["groups"][0]["layout"]["fields"]
	check_equal(fields[-1], {"name": "task", "size": 2.0, "unit": "1 for the one of: touch, shy"}, "the last field")
	var names: Array = spec["groups"][0]["metrics"]
	check_equal(names[-1], "task", "the last metric")
	var measured: Array = spec["tasks"][0]["metrics"]["walker"]
	check_equal("away_m" in measured, false, "touch measures away_m")
	measured = spec["tasks"][1]["metrics"]["walker"]
	check_equal("away_m" in measured, true, "shy measures away_m")
	game.reset(1)
	var seen: Array[int] = []
	for episode: int in 12:
		var shown := game.observations[0].slice(-2)
		check_equal(shown.count(1.0), 1, "one of them")
		seen.append(shown.find(1.0))
		_play(game, DECISIONS)
		var ending := game.endings[0]
		var values := ending.slice(-names.size())
		check_equal(int(values[-1]), seen[-1], "the task that is reported")
		check_equal(int(values[0]), episode, "the episode")
		check_equal(values[names.find("reward/away")] != 0.0, seen[-1] == 1, "a reward of its own")
		check_equal(ending.slice(0, -names.size()).slice(-2), shown, "the task at the end")
		check_equal(int(values[names.find("ticks_seen")]), 30, "ticks: the other arena stood still")
	check(0 in seen and 1 in seen, "both are played, found %s" % [seen])
	check_equal(game.stop(), 0, "exit code")


func test_tasks_of_one_scene_differ_in_their_parameters() -> void:
	var short := CROWD.merged({"max_ticks": 12, "walkers": 2}, true)
	var game := _start([_task("long"), _task("short", "", 1.0, short)])
	game.reset(3)
	for episode: int in 8:
		var is_short := game.observations[0][-1] == 1.0
		var decisions := 0
		while decisions == 0 or game.endings.is_empty():
			_play(game, 1)
			decisions += 1
		check_equal(decisions, 2 if is_short else DECISIONS, "decisions of episode %d" % episode)
	check_equal(game.stop(), 0, "exit code")


func test_an_episode_is_the_same_whatever_was_played_before() -> void:
	var expected := _trace(1, 9, 0)
	check_equal(_trace(1, 0, 9), expected, "as the tenth of an arena")
	check_equal(_trace(4, 5, 1), expected, "as the second of the first of four arenas")


func test_a_task_without_weight_keeps_its_place_and_is_not_played() -> void:
	var game := _start([_task("touch", "", 0.0), _task("shy", SHY)])
	game.reset(1)
	for episode: int in 4:
		check_equal(game.observations[0].slice(-2), PackedFloat32Array([0.0, 1.0]), "always the second")
		_play(game, DECISIONS)
	check_equal(game.configure({"touch_m": 1.0}), "the parameters of tasks can be set at launch only", "CONFIGURE")
	game.stop()


func test_tasks_that_do_not_go_together_are_refused() -> void:
	_check_refused(
		[_task("a"), _task("b", "", 1.0, {"steering": "choice"})], "tasks need the same spaces: policy 'walker'"
	)
	_check_refused([_task("a"), _task("b", "", 1.0, {"steering": "choice"})], "move:continuous(2)], and 'b', [")
	_check_refused(
		[_task("a"), _task("b", "", 1.0, {"walkers": 3, "jumpers": 0})], "'a' has 2 walker and 1 jumper, 'b' has 3"
	)
	_check_refused([_task("a"), _task("b", "res://no.tscn")], "task 'b': there is no scene res://no.tscn")
	_check_refused([_task("a"), _task("b", "", 1.0, {"walkrs": 3})], "task 'b': unknown parameter 'walkrs'")
	_check_refused([_task("a", "", 0.0)], "no task has a weight above 0")
	_check_refused(
		[_task("a"), _task("b", "res://scenarios/vr_navigation/vr_navigation.tscn", 1.0, {})],
		"a decision lasts 6 ticks in task 'a' and 8 in task 'b'"
	)


func _check_refused(tasks: Array[Dictionary], expected: String) -> void:
	var game := _start(tasks)
	var message := str(game.info.get("message", "no message"))
	check(expected in message, "found: %s; expected: %s" % [message, expected])
	game.stop()


func _task(called: String, scene: String = "", weight: float = 1.0, params: Dictionary = CROWD) -> Dictionary:
	var task := {"name": called, "params": params, "weight": weight}
	if scene != "":
		task["scene"] = scene
	return task


func _start(tasks: Array[Dictionary], arenas: int = 1) -> ChildGame:
	return ChildGame.new({}, ["--arenas=%d" % arenas, "--tasks=%s" % JSON.stringify(tasks)])


func _play(game: ChildGame, decisions: int) -> void:
	for decision: int in decisions:
		var actions := PackedFloat32Array()
		actions.resize(game.action_size())
		actions.fill(0.4)
		game.step(actions)


# What the first walker sees in episode 9, which the first arena plays as the one after `before` others.
func _trace(arenas: int, first: int, before: int) -> Array[PackedFloat32Array]:
	var game := _start([_task("touch"), _task("shy", SHY)], arenas)
	game.reset(2, first)
	_play(game, DECISIONS * before)
	var trace: Array[PackedFloat32Array] = []
	for decision: int in DECISIONS:
		trace.append(game.observations[0])
		_play(game, 1)
	game.stop()
	return trace
