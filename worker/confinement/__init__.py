"""What a process that reads a document may do, and what is made of what it leaves.

- ``confine``: limits, powers, environment, in the process itself before it reads; what this machine lacks of them.
- ``landlock``, ``seccomp``: which files it reaches, which calls to the kernel are refused.
- ``deadlines``, ``appetite``: from outside: its time, and what all its processes take together.
- ``remains``, ``outcomes``: what it leaves is taken up by our names and in our form; its folders go.
"""
