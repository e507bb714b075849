class_name TagParams
extends RLParams
## Every number of tag that a run may override as `scenario.params.<name>`.

## Players in an arena.
@export_range(2, 8) var players: int = 2
## How many of them are it.
@export_range(1, 3) var seekers: int = 1
## One policy, `player`, for everybody, instead of `seeker` and `hider`.
@export var shared: bool = false
## What a tag does. all: who is tagged is out, and the round ends when nobody is left. first: it ends the round.
## transfer: who is tagged is it from now on, in place of the tagger.
@export_enum("all", "first", "transfer") var on_tag: String = "all"
## shared: what the first player begins the first round as. With two policies, seekers seek and hiders hide.
@export_enum("seeker", "hider") var start_role: String = "seeker"
## Two rounds each are played on one map. In the second one the roles have changed places or, with a shared policy,
## players.
@export var swap_roles: bool = true
## Game time of a round, in seconds.
@export_range(1.0, 600.0) var time_limit_s: float = 20.0

## Cells of 2 m along a side of the map.
@export_range(6, 16) var map_cells: int = 10
## Groups of blocks on the map; fewer where there is no room.
@export_range(0, 24) var blocks: int = 8
## Seekers and hiders begin at least this far apart, in metres.
@export_range(2.0, 30.0) var start_distance: float = 8.0
## Rays close to the ground, which meet blocks, walls and players.
@export_range(1, 128) var rays: int = 16
## Rays above the blocks that one can jump on, which meet only what is higher; 0 for none.
@export_range(0, 128) var high_rays: int = 8
## Players know the map: they see how long the shortest way to the nearest of the other role is, and becomes.
@export var knows_map: bool = true

## Top speed of those who are it, in metres a second.
@export_range(0.1, 20.0) var seeker_speed: float = 5.2
## Top speed of the others, in metres a second.
@export_range(0.1, 20.0) var hider_speed: float = 5.0
## How fast a player on the ground gets to another speed, in m/s².
@export_range(1.0, 200.0) var acceleration: float = 30.0
## Share of that in the air.
@export_range(0.0, 1.0) var air_control: float = 0.4
## Top turning speed, in degrees a second.
@export_range(1.0, 1080.0) var max_turn_deg: float = 240.0
## How high a player jumps, in metres; blocks are steps of 1 m.
@export_range(0.0, 3.0) var jump_height: float = 1.3
## Acceleration of falling, in m/s².
@export_range(1.0, 50.0) var gravity: float = 20.0
## The tag area: as near as this to somebody who is it, on the flat, one is tagged, in metres.
@export_range(0.5, 5.0) var tag_radius: float = 1.0
## Its height: players who stand this much higher or lower are out of reach, in metres.
@export_range(0.1, 3.0) var tag_reach: float = 0.9
## transfer: who has tagged cannot be tagged for this time, in seconds.
@export_range(0.0, 10.0) var immunity_s: float = 1.5

## Tagging somebody; to the tagger.
@export var reward_tag: float = 5.0
## Being tagged.
@export var reward_tagged: float = -5.0
## Winning the round; a round lost costs the same.
@export var reward_win: float = 5.0
## A metre nearer to the nearest player of the other role, around walls; to somebody who is it.
@export var reward_progress: float = 0.5
## A metre further away from the nearest who is it, around walls; to those who hide. It drives them into corners.
@export var reward_away: float = 0.0
## Every decision: the distance to the nearest player of the other role, in map sides; seekers pay, those who hide earn.
@export var reward_distance: float = 0.0
## Every decision of somebody who is it.
@export var reward_time: float = -0.01

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["players", "seekers", "shared", "map_cells", "rays", "high_rays", "knows_map", "bug"]


func _check() -> PackedStringArray:
	if seekers >= players:
		return ["seekers: expected fewer than the %d players, found %d" % [players, seekers]]
	return []
