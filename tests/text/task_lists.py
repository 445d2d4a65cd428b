"""Task lists as other tools write them, one of each format."""

from __future__ import annotations

import json

SPEC_KIT = """---
description: "Task list"
---

# Tasks: Photo albums

**Input**: documents from `/specs/001-albums/`

## Format: `[ID] [P?] [Story] Description`

- **[P]**: can run in parallel

## Phase 1: Setup (Shared Infrastructure)

- [ ] T001 Create the structure
- [ ] T002 [P] Configure linting

## Phase 2: Foundational

**Purpose**: What every story needs

- [ ] T003 Schema in src/db.py

## Phase 3: User Story 1 - See albums (Priority: P1)

### Tests for User Story 1

- [ ] T004 [P] [US1] Contract test in tests/test_albums.py

### Implementation for User Story 1

- [X] T005 [US1] Model in src/album.py

## Phase 4: User Story 2 - Share albums (Priority: P2)

- [ ] T006 [US2] Service (depends on T005)

## Phase 5: Polish

- [ ] T007 Docs

## Dependencies & Execution Order

- **Setup**: no dependencies
"""

KIRO = """# Implementation Plan

Convert the design into steps.

- [x] 1. Set up the project
  - _Requirements: 1.1_

- [ ] 2. Data models
  - [x] 2.1 Write the model
    - Keep it small
    - _Requirements: 2.1_
  - [ ]* 2.2 Write property tests
    - **Validates: Requirements 2.2**

- [ ] 3. Checkpoint
  - Ensure all tests pass

- [ ] 4. Wire it up
- [ ] 4.1 Routes
- [ ]* 4.2 More tests
"""

OPEN_SPEC = """## 1. Implementation

- [ ] 1.1 Add the command
  - Scope: everything in src
- [x] 1.2 Add its help

## 2. Documentation

Depends on: nothing in particular

- [ ] 2.1 Describe {{it}}
"""

CHECKLIST = """# Roadmap

Some words.

## Now

- [ ] One
  - [ ] inner
- Group
  - [ ] Two

## Later

### Deep

1. [ ] Three

## Review Gate: none of ours

- [ ] Four

## Done

- [x] Five
"""

TASK_MASTER = {
    "master": {
        "tasks": [
            {
                "id": 1,
                "title": "Set up",
                "description": "Begin",
                "status": "done",
                "dependencies": [],
                "subtasks": [],
            },
            {
                "id": 2,
                "title": "Serve",
                "description": "An API",
                "details": "Use ## nothing\n\n## Epic: fake\n\nScope: all",
                "testStrategy": "Call it",
                "priority": "high",
                "status": "pending",
                "dependencies": [1, 9],
                "complexityScore": 7,
                "subtasks": [
                    {"id": 1, "title": "Routes", "status": "done", "dependencies": []},
                    {"id": 2, "title": "Errors", "status": "pending", "dependencies": [1], "details": "All of them"},
                ],
            },
            {"id": 3, "title": "Deploy", "status": "pending", "dependencies": ["2"], "subtasks": []},
        ],
        "metadata": {"projectName": "Shop"},
    },
    "later": {"tasks": []},
}

ISSUES = [
    {"number": 12, "title": "Sign in", "body": "Why.\r\n\r\n- [ ] Form\r\n- [x] Route", "state": "OPEN", "comments": 3},
    {"number": 13, "title": "Sign out", "body": "Depends on #12 and #99.", "state": "OPEN", "labels": [{"name": "ui"}]},
    {"iid": 14, "title": "Old", "description": "", "state": "closed"},
]

BEADS = "\n".join(
    json.dumps(record)
    for record in (
        {"id": "shop-a1", "title": "The shop", "issue_type": "epic", "status": "open", "description": "Sell things"},
        {
            "id": "shop-a1.1",
            "title": "A counter",
            "status": "open",
            "dependencies": [{"issue_id": "shop-a1.1", "depends_on_id": "shop-a1", "type": "parent-child"}],
        },
        {"id": "shop-b2", "title": "The stock", "issue_type": "epic", "status": "open"},
        {
            "id": "shop-b2.1",
            "title": "Shelves",
            "status": "open",
            "dependencies": [
                {"issue_id": "shop-b2.1", "depends_on_id": "shop-b2", "type": "parent-child"},
                {"issue_id": "shop-b2.1", "depends_on_id": "shop-a1.1", "type": "blocks"},
            ],
        },
        {"id": "shop-c3", "title": "Alone", "status": "open"},
    )
)
