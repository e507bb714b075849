class_name Hunter
extends CharacterBody2D
## Stands still: nobody has told it what to do.

const SPEED_PX_S := 220.0
