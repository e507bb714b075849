extends RLTest
## Teams: who is in them, as the handshake has it, and what they are paid.

const CREW := "res://tests/fixtures/touch/touch_crew_arena.tscn"
const GAME := "res://tests/fixtures/touch/touch_crew.tscn"
const CROWD := {"walkers": 2, "jumpers": 1, "room_m": 4.5, "touch_m": 0.0, "max_ticks": 30}


func test_a_team_pays_its_members_until_each_of_them_ends() -> void:
	var arena := build_arena(load(CREW) as PackedScene, CROWD) as TouchCrewArena
	arena.core.begin_episode()
	arena.crew.add_reward(&"touch", 2.0)
	arena.agents[0].end(true)
	arena.crew.add_reward(&"touch", 1.0)
	for i: int in 3:
		check_close(arena.agents[i].ledger.take_reward(), [3.0, 3.0, 0.0][i] as float, "agent %d" % i)
		arena.agents[i].take_ending()
	arena.crew.add_reward(&"touch", 1.0)
	for i: int in 3:
		check_close(arena.agents[i].ledger.take_reward(), [0.0, 1.0, 0.0][i] as float, "agent %d, later" % i)


func test_the_handshake_names_the_teams_of_a_game_that_has_any() -> void:
	var crew: Array[Dictionary] = [{"name": "crew", "params": CROWD, "weight": 1.0, "scene": GAME}]
	var game := ChildGame.new({}, ["--arenas=2", "--tasks=%s" % JSON.stringify(crew)])
	var spec: Dictionary = game.info["spec"]
	check_equal(spec["teams"], [{"name": "Crew", "agents": ["walker_0", "walker_1"]}], "teams")
	game.stop()
	game = ChildGame.new(CROWD)
	spec = game.info["spec"]
	check_equal(spec.has("teams"), false, "teams of a game without")
	game.stop()


func test_an_empty_place_among_the_members_is_reported() -> void:
	var team := RLTeam.new()
	team.members.append(null)
	check_equal(
		RLSceneCheck.problems_of(team), PackedStringArray(["members has an empty place: set it, or remove it."])
	)
	team.free()
