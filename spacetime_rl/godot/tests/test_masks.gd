extends RLTest
## Masks: what the game allows is observed, and nobody takes another choice.

const DOORS: PackedScene = preload("res://tests/fixtures/doors/doors_arena.tscn")
const SCENE := "res://tests/fixtures/doors/doors.tscn"


func test_the_mask_is_the_last_field_of_the_observation() -> void:
	var arena := _begun()
	var agent := arena.player.agent
	var layout := RLLayout.of(agent)
	check_equal(
		layout["fields"][-1] as Dictionary, {"name": "mask/door", "size": 16, "unit": "", "kind": "mask"}, "field"
	)
	check_equal(agent.observation_size, 48, "floats")
	arena.player.begin(0, 3)
	check_equal(_choices_in(_observed(agent).slice(32)), PackedInt32Array([1, 8, 15]), "open doors of room 0")
	arena.player.begin(5, 3)
	check_equal(_choices_in(_observed(agent).slice(32)), PackedInt32Array([4, 6]), "open doors of room 5")


func test_without_masks_an_agent_is_described_as_before() -> void:
	var arena := _begun({"masked": false})
	var agent := arena.player.agent
	check(agent.masks == null, "masks")
	check_equal(agent.observation_size, 32, "floats")
	check_equal(RLLayout.of(agent)["actions"] as Array, [{"name": "door", "kind": "discrete", "size": 16}], "actions")


func test_in_place_of_a_masked_choice_the_first_allowed_one_is_taken() -> void:
	var arena := _begun()
	var agent := arena.player.agent
	arena.player.begin(5, 3)
	agent.act([6.0], 0)
	check_equal([arena.player.door.value, arena.player.door.refused], [6, 0], "allowed")
	agent.act([5.0], 0)
	check_equal([arena.player.door.value, arena.player.door.refused], [4, 1], "masked")
	check(arena.player.door.is_allowed(6) and not arena.player.door.is_allowed(5), "is_allowed")


func test_a_mask_is_asked_again_when_a_choice_is_held() -> void:
	var arena := _begun()
	arena.player.begin(5, 3)
	arena.player.agent.act([6.0], 0)
	arena.player.go()
	arena.player.agent.act([6.0], 0)
	check_equal([arena.player.door.value, arena.player.door.refused], [5, 1], "the choice of the decision before")


func test_a_masked_action_without_a_mask_is_reported() -> void:
	var arena := build_arena(DOORS, {"fault": "no_mask"}) as DoorsArena
	check_equal(
		RLLayout.problems_of(arena.player.agent),
		PackedStringArray(
			["agent 'player_0': its action 'door' is masked, but its `mask` is not set; set it in a `_ready`"]
		)
	)


func test_a_mask_that_allows_nothing_ends_the_game_and_names_agent_and_action() -> void:
	var game := ChildGame.new({"fault": "nothing_allowed"}, [], SCENE)
	game.reset(1)
	var kind: int = RLBinarySession.Reply.STATE
	while kind == RLBinarySession.Reply.STATE:
		game.send_frame(RLBinarySession.Request.STEP, PackedFloat32Array([0.0]).to_byte_array())
		var frame := game.receive_frame()
		kind = frame[0] if not frame.is_empty() else 0
	check_equal(game.wait(), RLFaults.EXIT_CODE, "exit code")
	check("agent 'player_0'" in game.log_text, game.log_text)
	check("the mask of its action 'door' allows none of 16 choices" in game.log_text, game.log_text)


func test_a_stock_client_sees_the_mask_and_its_masked_choices_are_replaced() -> void:
	var game := ChildGame.new({"closed_ends": true}, [], SCENE, "")
	var spaces: Array = game.info["observation_space"]
	check_equal(spaces[0] as Dictionary, {"obs": {"size": [48.0], "space": "box"}}, "observation space")
	game.send_json({"type": "reset"})
	game.receive_json()
	game.send_json({"type": "action", "action": [{"door": 0.0}]})
	var answer := game.receive_json()
	check_equal((answer["obs"] as Array).size(), 1, "observations")
	game.send_json({"type": "close"})
	check_equal(game.wait(), 0, "exit code")


func _begun(settings: Dictionary = {}) -> DoorsArena:
	var arena := build_arena(DOORS, settings) as DoorsArena
	arena.core.begin_episode()
	return arena


func _observed(agent: RLAgent) -> PackedFloat32Array:
	var seen := PackedFloat32Array()
	seen.resize(agent.observation_size)
	agent.observe(seen, 0)
	return seen


func _choices_in(mask: PackedFloat32Array) -> PackedInt32Array:
	var found := PackedInt32Array()
	for choice: int in mask.size():
		if mask[choice] == 1.0:
			found.append(choice)
	return found
