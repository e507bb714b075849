extends RLTest
## The binary wire, spoken with a real game process.

## No agent ever touches its target; every episode is 4 decisions of 6 ticks.
const SHORT := {"touch_m": 0.0, "max_ticks": 24}


func test_the_handshake_describes_the_game() -> void:
	var game := ChildGame.new({"walkers": 3}, ["--arenas=2", "--action_repeat=4", "--physics_hz=60"])
	var spec: Dictionary = game.info["spec"]
	check_equal(game.info["wire"], "spacetime/1")
	check_equal(game.info["token"], ChildGame.TOKEN)
	check_equal(game.info["n_agents"], 8.0)
	check_equal(spec["scenario"], "touch")
	check_equal(spec["arenas"], 2.0)
	check_equal(spec["physics_hz"], 60.0)
	check_equal(spec["action_repeat"], 4.0)
	check_equal(spec["params"]["walkers"], 3.0)
	var groups: Array = spec["groups"]
	check_equal(groups.map(func(group: Dictionary) -> String: return group["name"]), ["walker", "jumper"])
	check_equal(groups[0]["agents"], ["walker_0", "walker_1", "walker_2"])
	check_equal(groups[0]["layout"]["fields"][3], {"name": "rays", "size": 8.0, "unit": "m/5.0"})
	check_equal(groups[1]["layout"]["actions"][1], {"name": "jump", "kind": "discrete", "size": 2.0})
	check_equal((groups[0]["metrics"] as Array).slice(0, 5), ["episode", "return", "length", "success", "reward/touch"])
	check_equal(game.stop(), 0, "exit code")


func test_a_reset_gives_first_observations_without_rewards() -> void:
	var game := ChildGame.new()
	game.reset(1)
	check_equal(game.rewards, PackedFloat32Array([0, 0, 0]), "rewards")
	check_equal(game.flags, [4, 4, 4] as Array[int], "flags")
	check(game.endings.is_empty(), "somebody ended")
	for observation: PackedFloat32Array in game.observations:
		check_close(observation.slice(4, 7)[1], 0.0, "height of the target's direction")
		check_close(Vector2(observation[4], observation[6]).length(), 1.0, "length of the direction")
	check_equal(game.stop(), 0, "exit code")


func test_every_decision_is_action_repeat_ticks() -> void:
	var game := ChildGame.new({}, ["--action_repeat=5"])
	game.reset(1)
	for decision: int in 3:
		check_close(game.observations[0][15], 0.005 * decision, "age before decision %d" % decision)
		game.step(_still(game))
	check_equal(game.stop(), 0, "exit code")


func test_an_ended_agent_brings_its_final_observation_and_metrics() -> void:
	var game := ChildGame.new(SHORT)
	game.reset(1, 7)
	var sum := 0.0
	for decision: int in 4:
		game.step(_still(game))
		sum += game.rewards[1]
	check_equal(game.flags, [6, 6, 6] as Array[int], "flags")
	check_equal(game.endings.keys(), [0, 1, 2] as Array[int], "ended agents")
	check_close(game.endings[1][15], 0.024, "age in the final observation")
	check_close(game.observations[1][15], 0.0, "age in the next episode's first")
	var metrics := game.endings[1].slice(16)
	check_equal(metrics[0], 7.0, "episode")
	check_close(metrics[1], sum, "return")
	check_equal(metrics[2], 4.0, "length")
	check_equal(metrics[3], 0.0, "success")
	check_close(metrics[5], -0.04, "reward/decision")
	check_close(metrics[7], 24.0, "ticks_seen")
	check_equal(game.stop(), 0, "exit code")


func test_agents_end_at_different_times_and_wait_for_their_arena() -> void:
	var game := ChildGame.new({"touch_m": 3.0, "max_ticks": 60}, ["--arenas=4"])
	game.reset(3)
	var waited := 0
	for decision: int in 40:
		var before := game.flags.duplicate()
		game.step(_still(game))
		for i: int in game.flags.size():
			if game.flags[i] & RLRoster.ACTIVE == 0:
				check_equal(game.observations[i].count(0.0), 16, "zeros of a waiting agent")
			if before[i] & RLRoster.ACTIVE == 0:
				waited += 1
				check_equal(game.flags[i] & 3, 0, "ending of a waiting agent")
				check_equal(game.rewards[i], 0.0, "reward of a waiting agent")
	check(waited > 10, "only %d waits" % waited)
	check_equal(game.stop(), 0, "exit code")


func test_episodes_are_numbered_by_arena_and_stride() -> void:
	var game := ChildGame.new(SHORT, ["--arenas=2", "--env_seed=9"])
	game.reset(1, 10, 5)
	check_equal(_episodes_played(game, 3), [10.0, 11.0, 15.0, 16.0, 20.0, 21.0], "episodes")
	game.reset(-1)
	check_equal(_episodes_played(game, 1), [30.0, 31.0], "episodes after going on, one dropped")
	game.reset(2)
	check_equal(_episodes_played(game, 2), [0.0, 1.0, 2.0, 3.0], "episodes after a new seed")
	check_equal(game.stop(), 0, "exit code")


func test_images_follow_the_floats_then_the_final_images() -> void:
	var game := ChildGame.new({"touch_m": 0.0, "max_ticks": 12, "images": "jumpers"}, ["--arenas=2"])
	var image: Array = game.info["spec"]["groups"][1]["layout"]["images"]
	check_equal(image, [{"name": "image", "shape": [4.0, 6.0, 3.0]}], "image fields")
	game.reset(1)
	check_equal(game.images.size(), 2 * 72, "bytes of two jumpers")
	game.step(_still(game))
	check_equal(game.images[0], 6, "first byte after 6 ticks")
	game.step(_still(game))
	check_equal(game.images.size(), 4 * 72, "bytes with the final images")
	check_equal(game.images[0], 0, "first byte of the new episode")
	check_equal(game.images[2 * 72], 12, "first byte of the final image")
	check_equal(game.stop(), 0, "exit code")


func test_the_heuristic_plays_whatever_actions_come() -> void:
	var game := ChildGame.new({"max_ticks": 400}, ["--control=heuristic", "--arenas=2"])
	game.reset(1)
	var endings := 0
	var successes := 0.0
	for decision: int in 60:
		game.step(_still(game))
		for i: int in game.endings:
			endings += 1
			successes += game.endings[i][16 + 3]
	check(endings > 4 and successes > 0.8 * endings, "%f of %d episodes succeeded" % [successes, endings])
	check_equal(game.stop(), 0, "exit code")


func test_the_heuristic_plays_some_policies_only() -> void:
	var games: Array[ChildGame] = [ChildGame.new(), ChildGame.new({}, ["--scripted=walker"])]
	for game: ChildGame in games:
		game.reset(1)
		game.step(_still(game))
	check(games[0].observations[0] != games[1].observations[0], "the scripted walker moves")
	check_equal(games[0].observations[-1], games[1].observations[-1], "the jumper's observation")
	for game: ChildGame in games:
		check_equal(game.stop(), 0, "exit code")


func test_parameters_can_be_changed_for_the_next_episodes() -> void:
	var game := ChildGame.new(SHORT)
	game.reset(1)
	check_equal(game.configure({"max_ticks": 12}), "", "problem")
	check_equal(_decisions_of_next_episode(game), 4, "decisions of the running episode")
	check_equal(_decisions_of_next_episode(game), 2, "decisions of the next one")
	check_equal(game.configure({"max_tick": 12}), "unknown parameter 'max_tick'; did you mean 'max_ticks'?")
	check_equal(game.wait(), 4, "exit code")


func test_close_ends_the_game() -> void:
	var game := ChildGame.new()
	game.reset(1)
	game.send_frame(RLBinarySession.Request.CLOSE)
	check_equal(game.wait(), 0, "exit code")


func test_a_peer_that_disappears_ends_the_game_before_and_after_the_first_step() -> void:
	check_equal(ChildGame.new().stop(), 0, "exit code before")
	var game := ChildGame.new()
	game.reset(1)
	game.step(_still(game))
	check_equal(game.stop(), 0, "exit code after")


func test_a_peer_that_disappears_during_a_step_ends_the_game() -> void:
	var game := ChildGame.new({}, ["--arenas=8"])
	game.reset(1)
	game.send_frame(RLBinarySession.Request.STEP, _still(game).to_byte_array())
	check_equal(game.stop(), 0, "exit code")
	check(not "ERROR" in game.log_text, game.log_text)


func test_bad_frames_are_answered_with_an_error() -> void:
	_check_error(func(game: ChildGame) -> void: game.send_frame(9), "unknown frame kind 9")
	_check_error(
		func(game: ChildGame) -> void: game.send_frame(1, [0, 0, 0]), "a STEP frame needs 7 floats, got 3 bytes"
	)
	_check_error(func(game: ChildGame) -> void: game.send_frame(2, [1]), "a RESET frame needs 16 bytes, got 1")
	_check_error(func(game: ChildGame) -> void: game.send_frame(3, [65]), 'a CONFIGURE frame needs {"params": {...}}')
	_check_error(
		func(game: ChildGame) -> void: game.send_raw([0, 0, 0, 0, 1]), "a frame must have a kind, got length 0"
	)
	_check_error(
		func(game: ChildGame) -> void: game.send_raw([1, 0, 0, 255, 1]),
		"a message of 4278190081 bytes is over the limit of 67108864"
	)


func test_a_step_before_the_first_reset_is_an_error() -> void:
	var game := ChildGame.new()
	game.send_frame(RLBinarySession.Request.STEP, _still(game).to_byte_array())
	check_equal(game.receive_frame().slice(1).get_string_from_utf8(), "STEP before the first RESET")
	check_equal(game.wait(), 4, "exit code")


func test_a_game_alone_reports_what_it_did_and_can_be_stepped_again() -> void:
	var game := ChildGame.new({}, ["--action_repeat=5"])
	game.reset(1)
	var report := _run_alone(game, 12, RLAloneRun.SENSE)
	check_equal(report["decisions"], 12.0, "decisions")
	check_equal(report["ticks"], 60.0, "ticks")
	var busy: float = report["busy_s"]
	check(busy > 0.0, "no time passed")
	check_equal(report["sections"], {}, "sections")
	game.step(_still(game))
	check_close(game.observations[0][15], 0.065, "age after 13 decisions of 5 ticks")
	check_equal(game.stop(), 0, "exit code")


func test_a_profiled_run_divides_all_of_its_time_among_the_sections() -> void:
	var game := ChildGame.new()
	game.reset(1)
	var report := _run_alone(game, 12, RLAloneRun.SENSE | RLAloneRun.PROFILE)
	var sections: Dictionary = report["sections"]
	var sum := 0.0
	for section: String in sections:
		var seconds: float = sections[section]
		check(seconds > 0.0, "%s takes %f s" % [section, seconds])
		sum += seconds
	check_equal(sections.size(), 5, "sections")
	var busy: float = report["busy_s"]
	check_close(sum, busy, "sum of the sections", 1e-6)
	check_equal(game.stop(), 0, "exit code")


func test_a_run_without_decisions_is_an_error() -> void:
	_check_error(
		func(game: ChildGame) -> void: game.send_frame(5, [0, 0, 0, 0, 1]),
		"a RUN frame needs 5 bytes and at least one decision, got 5 bytes"
	)
	_check_error(
		func(game: ChildGame) -> void: game.send_frame(5, [1, 0, 0, 0]),
		"a RUN frame needs 5 bytes and at least one decision, got 4 bytes"
	)


func test_a_run_before_the_first_reset_is_an_error() -> void:
	var game := ChildGame.new()
	game.send_frame(RLBinarySession.Request.RUN, [1, 0, 0, 0, 1])
	check_equal(game.receive_frame().slice(1).get_string_from_utf8(), "RUN before the first RESET")
	check_equal(game.wait(), 4, "exit code")


func test_a_peer_that_disappears_during_a_run_ends_the_game() -> void:
	var game := ChildGame.new()
	game.reset(1)
	game.send_frame(RLBinarySession.Request.RUN, [200, 0, 0, 0, 1])
	check_equal(game.stop(), 0, "exit code")
	check(not "ERROR" in game.log_text, game.log_text)


func _run_alone(game: ChildGame, decisions: int, flags: int) -> Dictionary:
	var body := PackedByteArray()
	body.resize(5)
	body.encode_u32(0, decisions)
	body[4] = flags
	game.send_frame(RLBinarySession.Request.RUN, body)
	var frame := game.receive_frame()
	check_equal(frame[0], int(RLBinarySession.Reply.REPORT), "frame kind")
	return JSON.parse_string(frame.slice(1).get_string_from_utf8())


func _check_error(misbehave: Callable, expected: String) -> void:
	var game := ChildGame.new()
	game.reset(1)
	misbehave.call(game)
	var frame := game.receive_frame()
	check_equal(frame[0], int(RLBinarySession.Reply.ERROR), "frame kind")
	check_equal(frame.slice(1).get_string_from_utf8(), expected, "message")
	check_equal(game.wait(), 4, "exit code")


func _still(game: ChildGame) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	actions.resize(game.action_size())
	return actions


func _episodes_played(game: ChildGame, rounds: int) -> Array[float]:
	var episodes: Array[float] = []
	for decision: int in 4 * rounds:
		game.step(_still(game))
		for i: int in game.endings:
			if i in [0, 2]:
				episodes.append(game.endings[i][16])
	return episodes


func _decisions_of_next_episode(game: ChildGame) -> int:
	for decision: int in range(1, 50):
		game.step(_still(game))
		if not game.endings.is_empty():
			return decision
	return 0
