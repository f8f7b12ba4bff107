import { Controller, Delete, Get, Header, Param, Query, Req, UseFilters } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { AccessBy } from '../../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import { ErrorDto } from '../../common/error.dto.js';
import { nodeRequest, type HttpRequest } from '../../common/http.js';
import { TakesOnly } from '../../common/known-parameters.js';
import { validated } from '../../common/validated.pipe.js';
import {
  MergeDto,
  MergesDto,
  MergesQueryDto,
  PageQueryDto,
  RefusedMergesDto,
} from './merges.dto.js';
import { MergesService } from './merges.service.js';

const ID = { name: 'id', type: 'integer', example: 1 } as const;
const UNAVAILABLE = { type: ErrorDto, description: 'Try again: see Retry-After' };
const UNREADABLE = { type: ErrorDto, description: 'An unreadable parameter' };
const UNKNOWN = { type: ErrorDto, description: '`unknown_merge`: there is none' };

/** Which anonymous users belong to whom: who said so and when, and its undoing. */
@ApiTags('users')
@Controller('analytics/merges')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('read')
export class MergesController {
  constructor(private readonly merges: MergesService) {}

  @Get()
  @TakesOnly('limit', 'cursor', 'user', 'anonymous', 'active')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Which anonymous users are known ones, newest first, undone ones too' })
  @ApiOkResponse({ type: MergesDto })
  @ApiBadRequestResponse(UNREADABLE)
  @ApiServiceUnavailableResponse(UNAVAILABLE)
  list(@Query(validated) query: MergesQueryDto): Promise<MergesDto> {
    return this.merges.list(query);
  }

  @Get('refused')
  @TakesOnly('limit', 'cursor')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Merges that were asked for and not made, and why, the latest first' })
  @ApiOkResponse({ type: RefusedMergesDto })
  @ApiBadRequestResponse(UNREADABLE)
  @ApiServiceUnavailableResponse(UNAVAILABLE)
  listRefused(@Query(validated) query: PageQueryDto): Promise<RefusedMergesDto> {
    return this.merges.listRefused(query);
  }

  @Get(':id')
  @TakesOnly()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'One merge' })
  @ApiParam(ID)
  @ApiOkResponse({ type: MergeDto })
  @ApiBadRequestResponse(UNREADABLE)
  @ApiNotFoundResponse(UNKNOWN)
  @ApiServiceUnavailableResponse(UNAVAILABLE)
  get(@Param('id') id: string): Promise<MergeDto> {
    return this.merges.get(id);
  }

  @Delete(':id')
  @AccessBy('admin')
  @TakesOnly()
  @ApiOperation({
    summary: 'Undo a merge',
    description:
      'The anonymous user is a user of their own again, at all times, with their own traits. ' +
      'Nothing is deleted: the merge stays in the list with who undid it and when. One that is ' +
      'undone stays as it is. A later identify call may merge the two again.',
  })
  @ApiParam(ID)
  @ApiOkResponse({ type: MergeDto, description: 'The merge as it is now' })
  @ApiBadRequestResponse(UNREADABLE)
  @ApiNotFoundResponse(UNKNOWN)
  @ApiServiceUnavailableResponse(UNAVAILABLE)
  undo(@Req() request: HttpRequest, @Param('id') id: string): Promise<MergeDto> {
    return this.merges.undo(nodeRequest(request), id);
  }
}
